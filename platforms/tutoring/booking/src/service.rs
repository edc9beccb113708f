//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::AuditLog, config::LegacyVariable, operation_log::OperationLog, outbox::Consumer,
    prelude::*,
};
use tutoring_identity::{
    Backend, CodeKey, DATABASE, LiveSealer, NoticeSealer, Stores, behind_gateway_with,
    store_variables, stores,
};

use crate::{
    api,
    config::BookingConfig,
    invariants::INVARIANTS,
    prices::PriceList,
    schedule::{Schedule as Sessions, consumers, published_topics, start_workers},
    store::{LiveJourneys, MIGRATIONS},
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-booking";
/// Requests per minute of one address, above the limits of the gateway.
const REQUESTS: u32 = 600;
/// How often reservations of payments that were never stored are released.
const RELEASE_INTERVAL: Timeout = Timeout::from_secs(10 * 60);

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 3] = [
    LegacyVariable::sets("PLATFORM_TIMEZONE", "time_zone"),
    LegacyVariable::sets("MAX_SEQUENTIAL_DISTANCE_KM", "max_sequential_distance_km"),
    LegacyVariable::ignored(
        "GOOGLE_MAPS_API_KEY",
        "remove it: the service computes distances from coordinates",
    ),
];

/// Returns the service with its default ports: HTTP 3011, admin listener 3111.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway_with(service, "BOOKING_SERVICE_PORT", [3011, 3111], REQUESTS)
        .default_value("server.http.max_body_size", "16KiB")
        .legacy_variables(store_variables())
        .legacy_variables(VARIABLES)
}

stores!(BookingConfig);

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = BookingConfig::commands(MIGRATIONS, || Consumer::topics(consumers()))
        .with(INVARIANTS.command(DATABASE, BookingConfig::database));
    service().main_with(commands, assemble)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<BookingConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    let (connections, topics) = (settings.backend()?, published_topics());
    let backend = Backend::start(service, &connections, topics, MIGRATIONS).await?;
    OperationLog::start(service, &backend.database, &settings.operation_log, &[])?;
    let audit = AuditLog::start(service, &backend.database, &settings.audit_log)?;
    let schedule = Arc::new(Sessions {
        database: backend.database.clone(),
        outbox: backend.outbox.clone(),
        publisher: backend.publisher.clone(),
        live: LiveSealer::new(&settings.access_tokens)?,
        secrets: NoticeSealer::new(&settings.access_tokens)?,
        journeys: LiveJourneys::new(settings.redis.as_ref(), settings.journey_idle_timeout)?,
        audit: audit.clone(),
        zone: settings.time_zone.clone(),
        codes: CodeKey::new(settings.session_code_key.as_ref(), "session_code_key")?,
        max_sequential_km: settings.max_sequential_distance_km,
        start_radius_m: f64::from(settings.start_radius_m),
        operators: settings.operators.clone(),
    });
    backend.consume(consumers(), &schedule).await?;
    start_workers(service, &schedule);
    let prices = Arc::new(PriceList {
        database: backend.database,
        audit,
    });
    let release = Worker::in_batches_of(
        "release expired discounts",
        RELEASE_INTERVAL,
        &prices,
        async |prices| prices.release_expired().await,
    );
    service.worker(release);
    service.http(api::routes(prices, schedule));
    Ok(())
}
