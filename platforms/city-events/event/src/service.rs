//! The service definition and its assembly.

use std::process::ExitCode;

use city_events_contract::{
    DESCRIPTORS, LOOPBACK_NETWORKS, TokenVersions, bearer, groups, with_security_headers,
};
use seaworthy::{
    audit_log::{AuditLog, audit_log_command},
    csv::Imports,
    data::{Database, DatabaseConfig, migrate_command},
    grpc::Contracts,
    messaging::{Messaging, MessagingConfig, dead_letters_command},
    operation_log::OperationLog,
    outbox::{Outbox, outbox_command},
    prelude::*,
    service::Commands,
};

use crate::{
    api,
    config::EventConfig,
    consumers, legacy,
    store::{EventRows, MIGRATIONS, Store, published_topics},
};

/// Name of the database in logs, probes and settings.
pub(crate) const DATABASE: &str = "database";
/// Name of the broker in logs, probes and settings.
const BROKER: &str = "broker";
/// OpenAPI document of the HTTP routes.
const OPENAPI: &str = include_str!("../docs/openapi.json");

/// How long access tokens are accepted after their `exp`, as in the contract.
const EXPIRY_LEEWAY: Delay = Delay::from_secs(30);

/// Returns the service with its name, its default settings and its legacy environment variables.
#[must_use]
pub fn service() -> Service {
    let service = Service::new("event-service", env!("CARGO_PKG_VERSION"));
    with_security_headers(service, "same-origin")
        .default_value("server.http.rate_limit.legacy_headers", true)
        // Existing dashboards and alerts use these metric names.
        .default_value("metrics.service_prefix", true)
        .default_value("server.http.addr", "127.0.0.1:8082")
        .default_value("server.grpc.addr", "127.0.0.1:9082")
        .default_value("server.grpc.trusted_proxies", LOOPBACK_NETWORKS.as_slice())
        .default_value("admin.addr", "127.0.0.1:9182")
        .legacy_variables(legacy::VARIABLES)
}

/// Runs the `city-events-event` binary and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(BROKER, broker, consumers::topics))
        .with(audit_log_command(DATABASE, |settings: &EventConfig| {
            (&settings.database, &settings.audit_log)
        }));
    service().main_with(commands, assemble)
}

fn database(settings: &EventConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &EventConfig) -> &MessagingConfig {
    &settings.broker
}

/// Connects the dependencies and registers routes, consumers and workers.
///
/// # Errors
/// Returns [`StartError`] if a dependency is unavailable or a required setting is missing.
pub async fn assemble(service: &Assembly<EventConfig>) -> Result<(), StartError> {
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
    let publisher = messaging.publisher(published_topics()).await?;
    let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
    let inbox = outbox
        .inbox(groups::EVENT.name(), &settings.outbox)
        .grouped();
    inbox.purge_regularly(service);
    let audit = AuditLog::new(database.clone(), &settings.audit_log)?;
    audit.start_workers(service, &settings.audit_log);
    let store = Store::new(database.clone(), outbox, audit);
    let rows = EventRows::new(store.clone(), settings.max_published_per_day);
    let imports = Imports::start(service, &database, &settings.imports, rows);
    messaging
        .subscribe(consumers::subscription(&inbox, &versions))
        .await?;
    if let Some(path) = &settings.public_metrics {
        service.public_metrics(path);
    }
    service.http(api::routes(store.clone(), service.health()));
    Contracts::new()
        .with_options(api::contract(store, imports), api::options)
        .document(OPENAPI)
        .serve(service)
}
