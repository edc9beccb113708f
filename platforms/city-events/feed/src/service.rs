//! The service: an index, what fills it, and who asks it.

use std::process::ExitCode;

use city_events_contract::{LOOPBACK_NETWORKS, bearer};
use seaworthy::{
    data::{Database, DatabaseConfig, migrate_command},
    messaging::{Messaging, MessagingConfig, dead_letters_command},
    outbox::Inbox,
    prelude::*,
    service::Commands,
};

use crate::{
    actor::Actors,
    api::{self, Api},
    config::FeedConfig,
    consumers,
    store::{MIGRATIONS, Store},
};

/// The name that logs, probes and settings know the database by.
const DATABASE: &str = "database";
/// The same of the broker.
const BROKER: &str = "broker";
/// What its routes take and answer.
const OPENAPI: &str = include_str!("../docs/openapi.json");
/// Seldom enough to be no load, often enough that no purge is large.
const FORGET_EVERY: Timeout = Timeout::from_secs(60 * 60);

/// The service and its default addresses.
#[must_use]
pub fn service() -> Service {
    Service::new("feed-service", env!("CARGO_PKG_VERSION"))
        .default_value("server.http.addr", "127.0.0.1:8084")
        .default_value("admin.addr", "127.0.0.1:9184")
        // The door beside it says who its caller is.
        .default_value("server.http.trusted_proxies", LOOPBACK_NETWORKS.as_slice())
        .variable("LOG_LEVEL", "log.level")
        .variable("LOG_FORMAT", "log.format")
        .variable("DB_ADDR", "database.url")
        .variable("RABBIT_URL", "broker.url")
        .variable("RABBIT_EXCHANGE", "broker.rabbitmq.exchange")
        .variable("JWT_SECRET", "jwt.secret")
        .variable("ANON_COOKIE_SECRET", "anonymous.secret")
        .variable("RATE_LIMIT_PER_ACTOR", "track.requests_per_actor")
        .variable("RATE_LIMIT_PER_IP", "track.requests_per_address")
        .variable("REDIS_ADDR", "track.redis.address")
}

/// The whole of the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(dead_letters_command(BROKER, broker, consumers::topics));
    service().main_with(commands, assemble)
}

fn database(settings: &FeedConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &FeedConfig) -> &MessagingConfig {
    &settings.broker
}

/// Puts the service together.
///
/// # Errors
/// [`StartError`] when something it needs is missing or a setting is.
pub async fn assemble(service: &Assembly<FeedConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    service.authenticate(bearer(service, &settings.jwt)?);
    let actors = Actors::new(&settings.anonymous)?;
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &settings.broker).await?) },
    )?;
    let inbox = Inbox::new(database.clone(), consumers::GROUP, settings.inbox.clone());
    inbox.purge_regularly(service);
    let store = Store::new(database);
    let forgetful = store.clone();
    service.worker(Worker::in_steps(
        "purge of what people did",
        Schedule::Interval(FORGET_EVERY),
        move || {
            let store = forgetful.clone();
            async move { Ok(store.forget().await?) }
        },
    ));
    messaging
        .subscribe(consumers::subscription(&store, &inbox))
        .await?;
    let api = Api::new(store, actors, service, &settings.track)?;
    service.http(api::routes(api));
    service.document(OPENAPI);
    Ok(())
}
