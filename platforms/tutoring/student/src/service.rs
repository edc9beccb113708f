//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{self, AuditLog},
    cache::Cache,
    config::LegacyVariable,
    data::{LEASE_MIGRATIONS, MigrationSet, migration},
    messaging::Topics,
    operation_log::{self, OperationLog},
    outbox::{self, Consumer},
    prelude::*,
};
use tutoring_contract::{
    ServiceTokens,
    events::{AdminOverride, BusinessEvent, StudentChanged},
};
use tutoring_identity::{Backend, Stores, backend_variables, behind_gateway, stores, with_client};

use crate::{
    api::{self, Api},
    config::StudentConfig,
    consumers::consumers,
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

/// Timeout of calls to other services for a page.
const TIMEOUT: &str = "1s";

const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::for_service(&[
        migration!(1, "students", "../migrations/0001_students"),
        migration!(2, "referrals", "../migrations/0002_referrals"),
        migration!(3, "refunds", "../migrations/0003_refunds"),
        migration!(4, "reward_reversals", "../migrations/0004_reward_reversals"),
        migration!(5, "reversal_calls", "../migrations/0005_reversal_calls"),
        migration!(6, "territories", "../migrations/0006_territories"),
    ]),
];

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 4] = [
    // The replicas share the cached pages.
    LegacyVariable::sets("REDIS_URL", "cache.url").unless_file_sets("cache.url"),
    LegacyVariable::sets("NOTIFICATION_SERVICE_URL", "clients.notification.base_url"),
    LegacyVariable::sets("PAYMENT_SERVICE_URL", "clients.payment.base_url"),
    LegacyVariable::sets("BOOKING_SERVICE_URL", "clients.booking.base_url"),
];

/// Returns the service with its default ports: HTTP 3003, admin listener 3103.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    let service = behind_gateway(service, "STUDENT_SERVICE_PORT", [3003, 3103])
        .default_value("server.http.max_body_size", MAX_BODY_SIZE)
        .legacy_variables(backend_variables())
        .legacy_variables(VARIABLES);
    let called = [("notification", 3006), ("payment", 3007), ("booking", 3011)];
    called.into_iter().fold(service, |service, (name, port)| {
        with_client(service, name, port, TIMEOUT)
    })
}

stores!(StudentConfig, backend);

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = StudentConfig::commands(MIGRATIONS, || Consumer::topics(consumers()));
    service().main_with(commands, assemble)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<StudentConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    let topics = Topics::new()
        .with_unroutable::<BusinessEvent<StudentChanged>>()
        .with_unroutable::<BusinessEvent<AdminOverride>>();
    let backend = Backend::start(service, &settings.backend, topics, MIGRATIONS).await?;
    OperationLog::start(service, &backend.database, &settings.operation_log, &[])?;
    let cache = Cache::connect(service, CACHE, &settings.cache)?;
    let pages = Arc::new(Pages::new(backend.database.clone(), &cache));
    backend.consume(consumers(), &pages).await?;
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
