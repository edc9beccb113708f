//! The service: calls over a store, messages in and out.

use std::process::ExitCode;

use city_events_contract::{LOOPBACK_NETWORKS, TokenVersions, bearer, messages::UserChanged};
use seaworthy::{
    audit_log::{AuditLog, audit_log_command},
    data::{Database, DatabaseConfig, migrate_command},
    grpc::Contracts,
    messaging::{Messaging, MessagingConfig, Topics, dead_letters_command},
    outbox::{Outbox, outbox_command},
    prelude::*,
    service::Commands,
};

use crate::{
    api::{self, Api},
    config::JoinConfig,
    consumers,
    domain::Waitlist,
    metrics::{self, JoinMetrics},
    store::{MIGRATIONS, Store, Wishes, topics},
    turnstile::Turnstile,
    workers,
};

/// The name that logs, probes and settings know the database by.
const DATABASE: &str = "database";
/// The same of the broker.
const BROKER: &str = "broker";
/// What its routes take and answer.
const OPENAPI: &str = include_str!("../docs/openapi.json");
/// A crowd at one event waits for its turn here and not at its clients.
const MAXIMUM_IN_FLIGHT: u32 = 8_192;

/// The service: its name and the defaults of the framework's settings that differ here.
#[must_use]
pub fn service() -> Service {
    let service = Service::new("join-service", env!("CARGO_PKG_VERSION"))
        // Names that dashboards and alerts know.
        .default_value("metrics.service_prefix", true)
        .default_value("server.http.addr", "127.0.0.1:8083")
        .default_value("server.grpc.addr", "127.0.0.1:9083")
        .default_value("server.grpc.trusted_proxies", LOOPBACK_NETWORKS.as_slice())
        .default_value("admin.addr", "127.0.0.1:9183")
        .default_value("server.http.load_shed.max_in_flight", MAXIMUM_IN_FLIGHT)
        .default_value("server.grpc.load_shed.max_in_flight", MAXIMUM_IN_FLIGHT)
        // A gateway has one connection to each replica, and all of a crowd is on it.
        .default_value("server.grpc.limits.http2.max_streams", MAXIMUM_IN_FLIGHT);
    [
        ("LOG_LEVEL", "log.level"),
        ("LOG_FORMAT", "log.format"),
        ("DATABASE_URL", "database.url"),
        ("RABBIT_URL", "broker.url"),
        ("RABBITMQ_URL", "broker.url"),
        ("RABBIT_EXCHANGE", "broker.rabbitmq.exchange"),
        ("RABBITMQ_EXCHANGE", "broker.rabbitmq.exchange"),
        ("JWT_SECRET", "jwt.secret"),
        ("JWT_ISSUER", "jwt.issuer"),
        ("RATE_LIMIT_ENABLED", "server.http.rate_limit.enabled"),
        ("RL_ENABLED", "server.http.rate_limit.enabled"),
        // Whoever may send so many in a minute may send them at once.
        ("RL_REQUESTS_LIMIT", "server.http.rate_limit.burst"),
    ]
    .into_iter()
    .fold(service, |service, (variable, key)| {
        service.variable(variable, key)
    })
}

/// The whole of the program `city-events-join`.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(BROKER, broker, heard))
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

/// The topics whose dead letters are this service's.
fn heard() -> Topics {
    use city_events_contract::messages::{
        EventCanceled, EventPublished, EventUnpublished, EventUpdated,
    };
    Topics::of::<EventPublished>()
        .and::<EventUpdated>()
        .and::<EventCanceled>()
        .and::<EventUnpublished>()
        .and::<UserChanged>()
}

/// Puts the service together.
///
/// # Errors
/// [`StartError`] when something it needs is missing or a setting is.
pub async fn assemble(service: &Assembly<JoinConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let versions = TokenVersions::new(&settings.revocation);
    let bearer = bearer(service, &settings.jwt)?.revocation(versions.revocations());
    service.authenticate(bearer);
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &settings.broker).await?) },
    )?;
    versions.follow(service, &database).await?;
    let publisher = messaging.publisher(topics()).await?;
    let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
    let inbox = outbox.inbox(consumers::GROUP, &settings.outbox);
    inbox.purge_regularly(service);
    let audit = AuditLog::new(database.clone(), &settings.audit_log)?;
    if let Some(worker) = audit.prune_worker(&settings.audit_log) {
        service.worker(worker);
    }
    let store = Store::new(
        database,
        outbox,
        audit,
        Turnstile::new(&settings.turnstile),
        Waitlist::new(&settings.waitlist),
        settings.idempotency_keys.keep.get(),
        Wishes::new(service.tasks(), settings.turnstile.together.get().into()),
    );
    messaging
        .subscribe(consumers::subscription(&store, &inbox, &versions))
        .await?;
    workers::start(service, &store, &settings.counting);
    let api = Api::new(store, JoinMetrics::new(service.metrics()));
    if let Some(path) = &settings.public_metrics {
        service.http(metrics::route(path, service.metrics()));
    }
    service.http(api::routes(api.clone()));
    Contracts::new()
        .with(api::contract(api))
        .document(OPENAPI)
        .serve(service)
}
