//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{self, AuditLog, AuditLogConfig, audit_log_command},
    data::{DatabaseConfig, MigrationSet, migrate_command},
    messaging::{MessagingConfig, Topics, dead_letters_command},
    outbox::{self, outbox_command},
    prelude::*,
    service::Commands,
};
use tutoring_contract::events::{AdminOverride, Occurred, PayrollRecalculated, TrainerChanged};
use tutoring_identity::{
    BACKEND_VARIABLES, BROKER, Backend, DATABASE, behind_gateway, migration, sealer,
};

use crate::{
    api::{self, Api},
    config::TrainerConfig,
    consumers::{self, Effects},
};

/// The name of the service in logs, metrics and settings.
const NAME: &str = "tutoring-trainer";
/// The largest request is a profile.
const MAX_BODY_SIZE: &str = "64KiB";
/// The name of the key that encrypts bank details.
const BANK_DETAILS: &str = "bank-details";

const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    MigrationSet::of_service(&[
        migration!(1, "trainers", "../migrations/0001_trainers"),
        migration!(2, "reviews", "../migrations/0002_reviews"),
        migration!(3, "payroll", "../migrations/0003_payroll"),
        migration!(4, "punctuality", "../migrations/0004_punctuality"),
    ]),
];

/// Returns the service with its default ports: HTTP 3004, admin listener 3104.
#[must_use]
pub fn service() -> Service {
    behind_gateway(Service::new(NAME, env!("CARGO_PKG_VERSION")))
        .default_value("server.http.addr", "127.0.0.1:3004")
        .default_value("admin.addr", "127.0.0.1:3104")
        .default_value("server.http.max_body_size", MAX_BODY_SIZE)
        .legacy_variables(BACKEND_VARIABLES)
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(
            BROKER,
            broker,
            consumers::consumed_topics,
        ))
        .with(audit_log_command(DATABASE, audit_log_settings));
    service().main_with(commands, assemble)
}

fn database(settings: &TrainerConfig) -> &DatabaseConfig {
    &settings.backend.database
}

fn broker(settings: &TrainerConfig) -> &MessagingConfig {
    &settings.backend.broker
}

fn audit_log_settings(settings: &TrainerConfig) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.backend.database, &settings.audit_log)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<TrainerConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    let key = settings.bank_details_key.as_ref();
    let sealer = sealer(key, "bank_details_key", BANK_DETAILS)?;
    let topics = Topics::new()
        .with_unroutable::<Occurred<TrainerChanged>>()
        .with_unroutable::<Occurred<PayrollRecalculated>>()
        .with_unroutable::<Occurred<AdminOverride>>();
    // Boxed, so that the type of this future stays small enough for the compiler.
    let backend = Box::pin(Backend::start(
        service,
        &settings.backend,
        topics,
        MIGRATIONS,
    ))
    .await?;
    let zone = settings.time_zone.clone();
    let effects = Effects {
        outbox: backend.outbox.clone(),
        zone: zone.clone(),
    };
    let subscription = consumers::subscription(backend.inbox(service, consumers::GROUP), effects);
    backend.messaging.subscribe(subscription).await?;
    let audit = AuditLog::start(service, &backend.database, &settings.audit_log)?;
    let api = Api {
        backend,
        audit,
        sealer,
        zone,
    };
    service.http(api::routes(Arc::new(api)));
    Ok(())
}
