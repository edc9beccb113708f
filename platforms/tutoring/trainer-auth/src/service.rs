//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{AuditLog, AuditLogConfig, audit_log_command},
    data::{DatabaseConfig, migrate_command},
    messaging::{MessagingConfig, Topics, dead_letters_command},
    outbox::{Inbox, outbox_command},
    prelude::*,
    service::Commands,
    storage::Storage,
};
use tutoring_contract::events::{CourseChanged, Occurred};
use tutoring_identity::{
    AccountKind, BROKER, DATABASE, Identity, TRAINER_LEGACY_VARIABLES, behind_gateway,
};

use crate::{
    api,
    applications::{Applicants, subscription},
    command::pincodes_command,
    config::TrainerAuthConfig,
    store::MIGRATIONS,
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-trainer-auth";
/// The consumer group of messages about courses.
const GROUP: &str = "trainer-auth-courses";

/// Returns the service with its default ports: HTTP 3002, admin listener 3102.
#[must_use]
pub fn service() -> Service {
    behind_gateway(Service::new(NAME, env!("CARGO_PKG_VERSION")))
        .default_value("server.http.addr", "127.0.0.1:3002")
        .default_value("admin.addr", "127.0.0.1:3102")
        // Google gets no data of the request.
        .default_value("clients.google.propagation", "none")
        .legacy_variables(TRAINER_LEGACY_VARIABLES)
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(BROKER, broker, consumed_topics))
        .with(audit_log_command(DATABASE, audit_log))
        .with(pincodes_command());
    service().main_with(commands, assemble)
}

pub(crate) fn database(settings: &TrainerAuthConfig) -> &DatabaseConfig {
    &settings.identity.database
}

fn broker(settings: &TrainerAuthConfig) -> &MessagingConfig {
    &settings.identity.broker
}

/// Returns the topics that the service consumes.
fn consumed_topics() -> Topics {
    Topics::from_event::<Occurred<CourseChanged>>()
}

fn audit_log(settings: &TrainerAuthConfig) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.identity.database, &settings.audit_log)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<TrainerAuthConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    let documents = Storage::connect(service, "documents", &settings.documents)?;
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
    let inbox = Inbox::new(database.clone(), GROUP, settings.inbox.clone());
    inbox.purge_regularly(service);
    identity
        .messaging()
        .subscribe(subscription(GROUP, &inbox))
        .await?;
    let applicants = Arc::new(Applicants {
        outbox: identity.outbox().clone(),
        audit,
        documents,
        max_document_size: settings.max_document_size,
        zone: settings.time_zone.clone(),
        database,
    });
    service.http(identity.routes());
    service.http(api::routes(applicants));
    Ok(())
}
