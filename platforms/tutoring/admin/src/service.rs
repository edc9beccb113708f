//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    account::{Lockout, Sessions},
    audit_log::{AuditLog, AuditLogConfig, audit_log_command},
    auth::password::Passwords,
    data::{Database, DatabaseConfig, migrate_command},
    operation_log::OperationLog,
    prelude::*,
    service::Commands,
};
use tutoring_contract::{AccessTokens, use_envelopes};
use tutoring_identity::{
    ActiveSessions, LoginLimit, RefreshCookies, admin_variables, behind_gateway,
};

use crate::{
    accounts::{Accounts, second_factors},
    api,
    command::admins_command,
    config::AdminConfig,
    seed::seed,
    store::MIGRATIONS,
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-admin";
/// The name of the database in logs, probes and settings.
pub(crate) const DATABASE: &str = "database";

/// Returns the service with its default ports: HTTP 3010, admin listener 4010.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway(service, "ADMIN_SERVICE_PORT", [3010, 4010]).legacy_variables(admin_variables())
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(audit_log_command(DATABASE, audit_log))
        .with(admins_command());
    service().main_with(commands, assemble)
}

fn database(settings: &AdminConfig) -> &DatabaseConfig {
    &settings.database
}

fn audit_log(settings: &AdminConfig) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.database, &settings.audit_log)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<AdminConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    use_envelopes(service);
    let database = Database::connect(service, DATABASE, &settings.database, MIGRATIONS);
    // Boxed, so that the type of this future stays small enough for the compiler.
    let accounts = Box::pin(accounts(service, database)).await?;
    OperationLog::start(service, &accounts.database, &settings.operation_log, &[])?;
    if settings.seed {
        seed(service.profile(), &accounts).await?;
    }
    let active_sessions = Some(accounts.active_sessions.clone());
    service.authenticate(
        settings
            .access_tokens
            .authentication(service, active_sessions)?,
    );
    service.worker(accounts.sessions.purge_worker());
    service.worker(accounts.lockout.purge_worker());
    accounts.audit.start_workers(service, &settings.audit_log);
    service.http(api::routes(Arc::new(accounts)));
    Ok(())
}

/// Builds the accounts over a database, which it connects after it has read the secret of tokens.
///
/// # Errors
/// [`StartError`] for invalid settings, and if the database cannot be opened.
pub(crate) async fn accounts(
    service: &Assembly<AdminConfig>,
    database: impl Future<Output = Result<Database, StartError>>,
) -> Result<Accounts, StartError> {
    let settings = service.settings();
    let tokens = AccessTokens::new(&settings.access_tokens)?;
    let database = database.await?;
    let passwords = Passwords::start(&settings.passwords, service.metrics()).map_err(|error| {
        StartError::with_cause("password hashing cannot start: check passwords.*", error)
    })?;
    Ok(Accounts {
        sessions: Sessions::new(database.clone(), settings.sessions.clone()),
        lockout: Lockout::new(database.clone(), settings.lockout.clone()),
        factors: second_factors(service, &database, &settings.totp)?,
        audit: AuditLog::new(database.clone(), &settings.audit_log)?,
        active_sessions: ActiveSessions::new(settings.redis.as_ref())?,
        cookies: RefreshCookies::new(service.profile()),
        limit: LoginLimit::for_admins(service, |settings: &AdminConfig| {
            (&settings.limits, settings.redis.as_ref())
        })?,
        passwords,
        tokens,
        database,
    })
}
