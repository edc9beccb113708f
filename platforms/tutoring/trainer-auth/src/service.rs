//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::AuditLog,
    config::LegacyVariable,
    outbox::{Consumer, Inbox},
    prelude::*,
    storage::Storage,
};
use tutoring_identity::{
    AccountKind, DATABASE, Identity, Stores, accounts_command, behind_gateway, storage_variables,
    stores, trainer_account_variables,
};

use crate::{
    api,
    applications::{Applicants, consumer},
    command::pincodes_command,
    config::{DEFAULT_SIGNED_URL, TrainerAuthConfig},
    store::MIGRATIONS,
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-trainer-auth";

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 2] = [
    LegacyVariable::sets("PLATFORM_TIMEZONE", "time_zone"),
    LegacyVariable::ignored(
        "GOOGLE_MAPS_API_KEY",
        "remove it: trainers confirm their location, and the service does not use a geocoder",
    ),
];

/// Returns the service with its default ports: HTTP 3002, admin listener 3102.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway(service, "TRAINER_AUTH_SERVICE_PORT", [3002, 3102])
        // Google gets no data of the request.
        .default_value("clients.google.propagation", "none")
        .legacy_variables(trainer_account_variables())
        .legacy_variables(storage_variables("documents"))
        .legacy_variables(VARIABLES)
}

stores!(TrainerAuthConfig, identity);

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = TrainerAuthConfig::commands(MIGRATIONS, || Consumer::topics([consumer()]));
    let accounts = accounts_command(
        AccountKind::Trainer,
        |settings: &TrainerAuthConfig| &settings.identity,
        MIGRATIONS,
    );
    let commands = commands.with(pincodes_command()).with(accounts);
    service().main_with(commands, assemble)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<TrainerAuthConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    let documents = settings.documents.clone();
    let documents = documents.with_public_address(DEFAULT_SIGNED_URL);
    let documents = Storage::connect(service, "documents", &documents)?;
    // Boxed, so that the type of this future stays small enough for the compiler.
    let identity = Box::pin(Identity::start(
        service,
        AccountKind::Trainer,
        |settings| &settings.identity,
        MIGRATIONS,
    ))
    .await?;
    let database = identity.database().clone();
    let audit = AuditLog::start(service, &database, &settings.audit_log)?;
    let inbox = |group: &str| Inbox::new(database.clone(), group, settings.inbox.clone());
    // One worker removes the messages of all inboxes, which share a table.
    inbox(DATABASE).purge_regularly(service);
    let applicants = Arc::new(Applicants {
        outbox: identity.outbox().clone(),
        audit,
        documents,
        max_document_size: settings.max_document_size,
        zone: settings.time_zone.clone(),
        database: database.clone(),
    });
    Consumer::subscribe([consumer()], identity.messaging(), &applicants, inbox).await?;
    service.http(identity.routes());
    service.http(api::routes(applicants));
    Ok(())
}
