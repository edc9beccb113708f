//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{AuditLog, AuditLogConfig, audit_log_command},
    data::{Database, DatabaseConfig, migrate_command},
    operation_log::OperationLog,
    prelude::*,
    service::Commands,
};
use tutoring_contract::use_envelopes;
use tutoring_identity::LiveSessions;

use crate::{api, config::BookingConfig, prices::PriceList, store::MIGRATIONS};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-booking";
/// The name of the database in logs, probes and settings.
const DATABASE: &str = "database";
/// A gateway on the same machine. A deployment sets the addresses of its gateway instead.
const LOOPBACK_NETWORKS: [&str; 2] = ["127.0.0.1/32", "::1/128"];
/// Requests per minute of one address, above the limits of the gateway.
const REQUESTS: u32 = 600;
/// How often reservations of payments that were never stored are released.
const RELEASE_INTERVAL: Timeout = Timeout::from_secs(10 * 60);

/// Returns the service with its default ports: HTTP 3011, admin listener 3111.
#[must_use]
pub fn service() -> Service {
    Service::new(NAME, env!("CARGO_PKG_VERSION"))
        .default_value("server.http.addr", "127.0.0.1:3011")
        .default_value("admin.addr", "127.0.0.1:3111")
        .default_value("server.http.max_body_size", "16KiB")
        .default_value("server.http.trusted_proxies", LOOPBACK_NETWORKS.as_slice())
        .default_value("server.http.rate_limit.requests", REQUESTS)
        .default_value("server.http.rate_limit.window", "1m")
        .default_value("server.http.rate_limit.legacy_headers", true)
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(audit_log_command(DATABASE, audit_log));
    service().main_with(commands, assemble)
}

fn database(settings: &BookingConfig) -> &DatabaseConfig {
    &settings.database
}

fn audit_log(settings: &BookingConfig) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.database, &settings.audit_log)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<BookingConfig>) -> Result<(), StartError> {
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
    let audit = AuditLog::new(database.clone(), &settings.audit_log)?;
    if let Some(worker) = audit.prune_worker(&settings.audit_log) {
        service.worker(worker);
    }
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
    service.http(api::routes(prices));
    Ok(())
}
