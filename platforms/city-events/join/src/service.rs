//! The assembly of the service.

use std::process::ExitCode;

use city_events_contract::{
    DESCRIPTORS, LOOPBACK_NETWORKS, TokenVersions, bearer, groups, messages::UserChanged,
    with_security_headers,
};
use seaworthy::{
    audit_log::{AuditLog, audit_log_command},
    data::{Database, DatabaseConfig, migrate_command},
    grpc::Contracts,
    messaging::{Messaging, MessagingConfig, Topics, dead_letters_command},
    operation_log::OperationLog,
    outbox::{Outbox, outbox_command},
    prelude::*,
    service::Commands,
};

use crate::{
    api::{self, Api},
    application::{Joins, topics},
    config::JoinConfig,
    consumers, legacy,
    metrics::JoinMetrics,
    store::MIGRATIONS,
    workers,
};

/// The name of the database in logs, probes and settings.
const DATABASE: &str = "database";
/// The name of the broker in logs, probes and settings.
const BROKER: &str = "broker";
/// The OpenAPI document of the gRPC contract.
const OPENAPI: &str = include_str!("../docs/openapi.json");
/// Thousands of requests for one event wait in this service, not in its clients. The default of
/// 1,024 rejects almost half of 2,000 users who join at the same time. The adaptive limit still
/// falls below this maximum if clients disconnect while they wait.
const MAX_IN_FLIGHT: u32 = 8_192;

/// How long access tokens are accepted after their `exp`, as in the contract.
const EXPIRY_LEEWAY: Delay = Delay::from_secs(0);

/// Returns the service with its name and its defaults for settings of the framework.
#[must_use]
pub fn service() -> Service {
    let service = Service::new("join-service", env!("CARGO_PKG_VERSION"));
    with_security_headers(service, "same-origin")
        // Existing dashboards and alerts use the prefix.
        .default_value("metrics.service_prefix", true)
        .default_value("server.http.addr", "127.0.0.1:8083")
        .default_value("server.grpc.addr", "127.0.0.1:9083")
        .default_value("server.grpc.trusted_proxies", LOOPBACK_NETWORKS.as_slice())
        .default_value("admin.addr", "127.0.0.1:9183")
        .default_value("server.http.load_shed.max_in_flight", MAX_IN_FLIGHT)
        .default_value("server.grpc.load_shed.max_in_flight", MAX_IN_FLIGHT)
        // A gateway has one connection to each replica.
        .default_value("server.grpc.limits.http2.max_streams", MAX_IN_FLIGHT)
        .legacy_variables(legacy::VARIABLES)
}

/// Runs the program `city-events-join`.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(BROKER, broker, consumed_topics))
        .with(audit_log_command(DATABASE, |settings: &JoinConfig| {
            (&settings.database, &settings.audit_log)
        }));
    service().main_with(commands, assemble)
}

fn database(settings: &JoinConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &JoinConfig) -> &MessagingConfig {
    &settings.broker
}

/// Returns the topics that the service consumes.
fn consumed_topics() -> Topics {
    use city_events_contract::messages::{
        EventCanceled, EventPublished, EventUnpublished, EventUpdated,
    };
    Topics::from_event::<EventPublished>()
        .with::<EventUpdated>()
        .with::<EventCanceled>()
        .with::<EventUnpublished>()
        .with::<UserChanged>()
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] if a dependency is unavailable or a setting is missing.
pub async fn assemble(service: &Assembly<JoinConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let versions = TokenVersions::new(&settings.revocation);
    let bearer = bearer(service, &settings.jwt, EXPIRY_LEEWAY)?.revocation(versions.revocations());
    service.authenticate(bearer);
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &settings.broker).await?) },
    )?;
    versions.follow(service, &database).await?;
    OperationLog::start(service, &database, &settings.operation_log, DESCRIPTORS)?;
    let publisher = messaging.publisher(topics()).await?;
    let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
    let inbox = outbox.inbox(groups::JOIN.name(), &settings.outbox);
    inbox.purge_regularly(service);
    let audit = AuditLog::new(database.clone(), &settings.audit_log)?;
    audit.start_workers(service, &settings.audit_log);
    let joins = Joins::new(database, outbox, audit, service.tasks(), settings);
    messaging
        .subscribe(consumers::subscription(&joins, &inbox, &versions))
        .await?;
    workers::start(service, &joins, &settings.recount);
    let api = Api::new(joins, JoinMetrics::new(service.metrics()));
    if let Some(path) = &settings.public_metrics {
        service.public_metrics(path);
    }
    service.http(api::routes(api.clone(), service.health()));
    Contracts::new()
        .with_options(api::contract(api), api::options)
        .document(OPENAPI)
        .serve(service)
}
