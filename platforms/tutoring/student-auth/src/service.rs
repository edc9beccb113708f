//! Assembles the service.

use std::process::ExitCode;

use seaworthy::{
    account::{self, ONE_TIME_CODE_MIGRATIONS},
    data::{DatabaseConfig, LEASE_MIGRATIONS, MigrationSet, migrate_command},
    operation_log,
    outbox::{self, outbox_command},
    prelude::*,
    service::Commands,
};
use tutoring_identity::{
    AccountKind, DATABASE, Identity, IdentityConfig, account_variables, accounts_command,
    behind_gateway,
};

/// The name of the service in logs, metrics and settings.
const NAME: &str = "tutoring-student-auth";
/// The maximum size of a request body. The largest request is a registration.
const MAX_BODY_SIZE: &str = "16KiB";

const MIGRATIONS: &[MigrationSet] = &[
    tutoring_identity::MIGRATIONS,
    account::MIGRATIONS,
    ONE_TIME_CODE_MIGRATIONS,
    outbox::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
];

/// Returns the service with its default ports: HTTP 3001, admin listener 3101.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway(service, "STUDENT_AUTH_SERVICE_PORT", [3001, 3101])
        // Google gets no data of the request.
        .default_value("clients.google.propagation", "none")
        .default_value("server.http.max_body_size", MAX_BODY_SIZE)
        .legacy_variables(account_variables())
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(accounts_command(
            AccountKind::Student,
            |settings| settings,
            MIGRATIONS,
        ));
    service().main_with(commands, assemble)
}

fn database(settings: &IdentityConfig) -> &DatabaseConfig {
    &settings.database
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<IdentityConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    // Boxed, so that the type of this future stays small enough for the compiler.
    let started = Box::pin(Identity::start(
        service,
        AccountKind::Student,
        |settings| settings,
        MIGRATIONS,
    ));
    service.http(started.await?.routes());
    Ok(())
}
