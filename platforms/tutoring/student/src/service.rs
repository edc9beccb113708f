//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{self, AuditLog, AuditLogConfig, audit_log_command},
    cache::Cache,
    config::{Conversion, LegacyVariable},
    data::{DatabaseConfig, MigrationSet, migrate_command},
    messaging::{MessagingConfig, Topics, dead_letters_command},
    outbox::{self, outbox_command},
    prelude::*,
    service::Commands,
};
use tutoring_contract::{
    ServiceTokens,
    events::{AdminOverride, Occurred, StudentChanged},
};
use tutoring_identity::{BACKEND_VARIABLES, BROKER, Backend, DATABASE, behind_gateway, migration};

use crate::{
    api::{self, Api},
    config::StudentConfig,
    consumers,
    pages::Pages,
    rewards,
    summaries::Summaries,
};

/// The name of the service in logs, metrics and settings.
const NAME: &str = "tutoring-student";
/// The name of the service in its tokens.
const SERVICE: &str = "student";
/// The name of the cache in logs, probes and settings.
const CACHE: &str = "cache";
/// The largest request is a profile.
const MAX_BODY_SIZE: &str = "64KiB";

/// A page does not wait longer for other services.
const TIMEOUT: &str = "1s";

const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    MigrationSet::of_service(&[
        migration!(1, "students", "../migrations/0001_students"),
        migration!(2, "referrals", "../migrations/0002_referrals"),
        migration!(3, "refunds", "../migrations/0003_refunds"),
        migration!(4, "reward_reversals", "../migrations/0004_reward_reversals"),
        migration!(5, "reversal_calls", "../migrations/0005_reversal_calls"),
    ]),
];

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 4] = [
    LegacyVariable::converted("STUDENT_SERVICE_PORT", "server.http.addr", Conversion::Port),
    LegacyVariable::sets("NOTIFICATION_SERVICE_URL", "clients.notification.base_url"),
    LegacyVariable::sets("PAYMENT_SERVICE_URL", "clients.payment.base_url"),
    LegacyVariable::sets("BOOKING_SERVICE_URL", "clients.booking.base_url"),
];

/// Returns the service with its default ports: HTTP 3003, admin listener 3103.
#[must_use]
pub fn service() -> Service {
    behind_gateway(Service::new(NAME, env!("CARGO_PKG_VERSION")))
        .default_value("server.http.addr", "127.0.0.1:3003")
        .default_value("admin.addr", "127.0.0.1:3103")
        .default_value("server.http.max_body_size", MAX_BODY_SIZE)
        .default_value("clients.notification.base_url", "http://127.0.0.1:3006")
        .default_value("clients.notification.propagation", "address")
        .default_value("clients.notification.policies.total_timeout", TIMEOUT)
        .default_value("clients.payment.base_url", "http://127.0.0.1:3007")
        .default_value("clients.payment.propagation", "address")
        .default_value("clients.payment.policies.total_timeout", TIMEOUT)
        .default_value("clients.booking.base_url", "http://127.0.0.1:3011")
        .default_value("clients.booking.propagation", "address")
        .default_value("clients.booking.policies.total_timeout", TIMEOUT)
        .legacy_variables(BACKEND_VARIABLES)
        .legacy_variables(VARIABLES)
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

fn database(settings: &StudentConfig) -> &DatabaseConfig {
    &settings.backend.database
}

fn broker(settings: &StudentConfig) -> &MessagingConfig {
    &settings.backend.broker
}

fn audit_log_settings(settings: &StudentConfig) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.backend.database, &settings.audit_log)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<StudentConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    let topics = Topics::new()
        .with_unroutable::<Occurred<StudentChanged>>()
        .with_unroutable::<Occurred<AdminOverride>>();
    // Boxed, so that the type of this future stays small enough for the compiler.
    let backend = Box::pin(Backend::start(
        service,
        &settings.backend,
        topics,
        MIGRATIONS,
    ))
    .await?;
    let cache = Cache::connect(service, CACHE, &settings.cache)?;
    let pages = Arc::new(Pages::new(backend.database.clone(), &cache));
    for subscription in consumers::subscriptions(service, &backend, &pages) {
        backend.messaging.subscribe(subscription).await?;
    }
    let audit = AuditLog::start(service, &backend.database, &settings.audit_log)?;
    let summaries = Summaries::new(service)?;
    match settings.backend.service_tokens.secret {
        Some(_) => {
            let tokens = ServiceTokens::new(SERVICE, &settings.backend.service_tokens)?;
            let payment = summaries.payment().clone();
            service.worker(rewards::worker(backend.database.clone(), payment, tokens));
        }
        None => {
            tracing::warn!("referrers are not rewarded: backend.service_tokens.secret is not set")
        }
    }
    let api = Api {
        backend,
        audit,
        pages,
        summaries,
    };
    service.http(api::routes(Arc::new(api)));
    Ok(())
}
