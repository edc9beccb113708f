//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    config::LegacyVariable,
    data::{Database, DatabaseConfig, migrate_command},
    messaging::{Messaging, MessagingConfig, dead_letters_command},
    operation_log::OperationLog,
    outbox::Inbox,
    prelude::*,
    service::Commands,
};
use tutoring_contract::{groups::ANALYTICS, use_envelopes};
use tutoring_identity::{ActiveSessions, BROKER, DATABASE, behind_gateway, store_variables};

use crate::{
    analytics::Analytics,
    api,
    config::AnalyticsConfig,
    ingest, retention,
    store::{MIGRATIONS, Partitions},
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-analytics";
/// A hundred events with their metadata.
const MAX_BODY_SIZE: &str = "512KiB";
/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 1] = [LegacyVariable::sets("PLATFORM_TIMEZONE", "time_zone")];

/// Returns the service with its default ports: HTTP 3009, admin listener 3109.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway(service, "ANALYTICS_SERVICE_PORT", [3009, 3109])
        .default_value("server.http.max_body_size", MAX_BODY_SIZE)
        .legacy_variables(store_variables())
        .legacy_variables(VARIABLES)
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(dead_letters_command(
            BROKER,
            broker,
            ingest::consumed_topics,
        ));
    service().main_with(commands, assemble)
}

fn database(settings: &AnalyticsConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &AnalyticsConfig) -> &MessagingConfig {
    &settings.broker
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<AnalyticsConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    use_envelopes(service);
    let sessions = ActiveSessions::new(settings.redis.as_ref())?;
    let tokens = &settings.access_tokens;
    service.authenticate(tokens.authentication(service, Some(sessions))?);
    let database = Database::connect(service, DATABASE, &settings.database, MIGRATIONS).await?;
    OperationLog::start(service, &database, &settings.operation_log, &[])?;
    let analytics = Arc::new(Analytics {
        partitions: Partitions::new(database.clone()),
        zone: settings.time_zone.clone(),
        retention: settings.retention(),
        database,
    });
    let because = |error| {
        StartError::with_cause(
            "the partitions of the events table could not be created",
            error,
        )
    };
    analytics.prepare().await.map_err(because)?;
    let messaging = Messaging::connect(service, BROKER, &settings.broker).await?;
    let inbox = Inbox::new(
        analytics.database.clone(),
        ANALYTICS.name(),
        settings.inbox.clone(),
    );
    inbox.purge_regularly(service);
    // Many small messages share a transaction.
    let events = ingest::subscription(&inbox.grouped(), &analytics);
    messaging.subscribe(events).await?;
    service.worker(retention::worker(&analytics));
    service.http(api::routes(analytics));
    Ok(())
}
