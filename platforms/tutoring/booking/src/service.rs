//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{AuditLog, AuditLogConfig, audit_log_command},
    data::{Database, DatabaseConfig, migrate_command},
    messaging::{Messaging, MessagingConfig, dead_letters_command},
    operation_log::OperationLog,
    outbox::{Outbox, outbox_command},
    prelude::*,
    service::Commands,
};
use tutoring_contract::use_envelopes;
use tutoring_identity::{
    BROKER, DATABASE, LiveSealer, LiveSessions, NoticeSealer, behind_gateway_with,
};

use crate::{
    api,
    config::BookingConfig,
    invariants::INVARIANTS,
    prices::PriceList,
    schedule::{
        Schedule as Sessions, SessionCodes, consumed_topics, published_topics, start_workers,
        subscriptions,
    },
    store::{LiveJourneys, MIGRATIONS},
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-booking";
/// Requests per minute of one address, above the limits of the gateway.
const REQUESTS: u32 = 600;
/// How often reservations of payments that were never stored are released.
const RELEASE_INTERVAL: Timeout = Timeout::from_secs(10 * 60);

/// Returns the service with its default ports: HTTP 3011, admin listener 3111.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway_with(service, REQUESTS)
        .default_value("server.http.addr", "127.0.0.1:3011")
        .default_value("admin.addr", "127.0.0.1:3111")
        .default_value("server.http.max_body_size", "16KiB")
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(BROKER, broker, consumed_topics))
        .with(audit_log_command(DATABASE, audit_log))
        .with(INVARIANTS.command(database));
    service().main_with(commands, assemble)
}

fn database(settings: &BookingConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &BookingConfig) -> &MessagingConfig {
    &settings.broker
}

fn audit_log(settings: &BookingConfig) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.database, &settings.audit_log)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<BookingConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    use_envelopes(service);
    let live = LiveSessions::new(settings.redis.as_ref())?;
    let bearer = settings.access_tokens.authentication_with_services(
        service,
        Some(live.into()),
        &settings.service_tokens,
    )?;
    service.authenticate(bearer);
    let database = Database::connect(service, DATABASE, &settings.database, MIGRATIONS).await?;
    OperationLog::start(service, &database, &settings.operation_log, &[])?;
    let audit = AuditLog::start(service, &database, &settings.audit_log)?;
    let messaging = Messaging::connect(service, BROKER, &settings.broker).await?;
    let publisher = messaging.publisher(published_topics()).await?;
    let (locations, outbox) = (publisher.clone(), &settings.outbox);
    let outbox = Outbox::start(service, &database, publisher, outbox).await?;
    let schedule = Arc::new(Sessions {
        database: database.clone(),
        outbox: outbox.clone(),
        publisher: locations,
        live: LiveSealer::new(&settings.access_tokens)?,
        secrets: NoticeSealer::new(&settings.access_tokens)?,
        journeys: LiveJourneys::new(settings.redis.as_ref(), settings.journey_silence)?,
        audit: audit.clone(),
        zone: settings.time_zone.clone(),
        codes: SessionCodes::new(settings.session_code_key.as_ref())?,
        max_sequential_km: settings.max_sequential_distance_km,
        start_radius_m: f64::from(settings.start_radius_m),
        operators: settings.operators.clone(),
    });
    // One worker removes the messages of all inboxes, which share a table.
    outbox
        .inbox(NAME, &settings.outbox)
        .purge_regularly(service);
    for subscription in subscriptions(&schedule, |group| outbox.inbox(group, &settings.outbox)) {
        messaging.subscribe(subscription).await?;
    }
    start_workers(service, &schedule);
    let prices = Arc::new(PriceList { database, audit });
    let released = Arc::clone(&prices);
    service.worker(Worker::in_steps(
        "release expired discounts",
        Schedule::Interval(RELEASE_INTERVAL),
        move || {
            let prices = Arc::clone(&released);
            async move { prices.release_expired().await }
        },
    ));
    service.http(api::routes(prices, schedule));
    Ok(())
}
