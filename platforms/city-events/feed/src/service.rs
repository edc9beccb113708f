//! The service definition and its assembly.

use std::{process::ExitCode, sync::Arc};

use chrono::Utc;
use city_events_contract::{DEFAULT_MAX_CALLER_REQUESTS, LOOPBACK_NETWORKS, bearer, groups};
use seaworthy::{
    axum::response::IntoResponse as _,
    data::{Database, DatabaseConfig, migrate_command},
    messaging::{Messaging, MessagingConfig, dead_letters_command},
    outbox::Inbox,
    prelude::*,
    service::Commands,
};

use crate::{
    actor::Identification,
    api::{self, Api},
    config::FeedConfig,
    consumers, legacy,
    lists::Lists,
    store::{MIGRATIONS, Store},
};

/// Name of the database in logs, probes and settings.
const DATABASE: &str = "database";
/// Name of the broker in logs, probes and settings.
const BROKER: &str = "broker";
/// OpenAPI document of the HTTP routes.
const OPENAPI: &str = include_str!("../docs/openapi.json");
/// Interval between updates of scores, which lose points with age.
const EXPIRY_INTERVAL: Timeout = Timeout::from_secs(60);
/// Interval between deletions of old actions.
const PURGE_INTERVAL: Timeout = Timeout::from_secs(60 * 60);

/// How long access tokens are accepted after their `exp`, as in the contract.
const EXPIRY_LEEWAY: Delay = Delay::from_secs(0);

/// Returns the service with its name, its default settings and its legacy environment variables.
#[must_use]
pub fn service() -> Service {
    Service::new("feed-service", env!("CARGO_PKG_VERSION"))
        .default_value("server.http.addr", "127.0.0.1:8084")
        .default_value("admin.addr", "127.0.0.1:9184")
        // The gateway on the same machine forwards the address of the client.
        .default_value("server.http.trusted_proxies", LOOPBACK_NETWORKS.as_slice())
        // Only `track` is limited, by settings of its own.
        .default_value(
            "server.http.rate_limit.requests",
            DEFAULT_MAX_CALLER_REQUESTS,
        )
        .legacy_variables(legacy::VARIABLES)
}

/// Runs the `city-events-feed` binary and returns its exit code.
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

/// Connects the dependencies and registers routes, consumers and workers.
///
/// # Errors
/// Returns [`StartError`] if a dependency is unavailable or a required setting is missing.
pub async fn assemble(service: &Assembly<FeedConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    service.authenticate(bearer(service, &settings.jwt, EXPIRY_LEEWAY)?);
    // Errors of the contract are lines of text.
    service.error_renderers(
        Arc::new(api::error_response),
        Arc::new(|error| error.into_response()),
    );
    let visitors = Identification::new(&settings.anonymous, service.profile())?;
    let (database, messaging) = tokio::try_join!(
        Database::connect(service, DATABASE, &settings.database, MIGRATIONS),
        async { Ok(Messaging::connect(service, BROKER, &settings.broker).await?) },
    )?;
    let inbox = Inbox::new(
        database.clone(),
        groups::FEED.name(),
        settings.inbox.clone(),
    )
    .grouped();
    inbox.purge_regularly(service);
    let store = Store::new(database);
    let expired = store.clone();
    service.worker(Worker::in_batches(
        "expire score points",
        Schedule::Interval(EXPIRY_INTERVAL),
        move || {
            let store = expired.clone();
            async move { Ok(store.expire(Utc::now()).await?) }
        },
    ));
    let purged = store.clone();
    service.worker(Worker::in_batches(
        "purge old actions",
        Schedule::Interval(PURGE_INTERVAL),
        move || {
            let store = purged.clone();
            async move { Ok(store.purge().await?) }
        },
    ));
    let lists = Lists::new(store.clone());
    let subscription = consumers::subscription(&inbox, &lists);
    messaging.subscribe(subscription).await?;
    let api = Api::new((store, lists), visitors, service)?;
    service.http(api::routes(api));
    service.document(OPENAPI);
    Ok(())
}
