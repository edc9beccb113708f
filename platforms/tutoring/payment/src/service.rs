//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{AuditLog, AuditLogConfig, audit_log_command},
    client::HttpClient,
    data::{Database, DatabaseConfig, migrate_command},
    messaging::{Messaging, MessagingConfig, Topics, dead_letters_command},
    operation_log::OperationLog,
    outbox::{Outbox, outbox_command},
    prelude::*,
    service::Commands,
};
use tutoring_contract::{
    ServiceTokens,
    events::{
        CourseAccessGranted, CourseChanged, CourseCompleted, Occurred, PaymentRefunded,
        PurchaseConfirmed, PurchaseCreated, StudentChanged, TrainerAllocated,
    },
    use_envelopes,
};
use tutoring_identity::{BROKER, DATABASE, LiveSessions, behind_gateway_with};

use crate::{
    api::{self, RouteLimits},
    booking_client::{self, Booking},
    config::PaymentConfig,
    invariants::INVARIANTS,
    payments::{Payments, subscription},
    provider::Provider,
    store::MIGRATIONS,
    workers,
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-payment";
/// The name of the service in the tokens of its calls.
const CALLER: &str = "payment";
/// The consumer group.
const GROUP: &str = "payment-workers";
/// Requests per minute of one address, above the limits of the gateway.
const REQUESTS: u32 = 600;

/// Returns the service with its default ports: HTTP 3007, admin listener 3107.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway_with(service, REQUESTS)
        .default_value("server.http.addr", "127.0.0.1:3007")
        .default_value("admin.addr", "127.0.0.1:3107")
        .default_value("server.http.max_body_size", "256KiB")
        .default_value("clients.booking.base_url", "http://127.0.0.1:3011")
        .default_value("clients.razorpay.base_url", "https://api.razorpay.com")
        // The provider knows neither traces nor request IDs of the platform.
        .default_value("clients.razorpay.propagation", "none")
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

fn database(settings: &PaymentConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &PaymentConfig) -> &MessagingConfig {
    &settings.broker
}

fn audit_log(settings: &PaymentConfig) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.database, &settings.audit_log)
}

/// Returns the topics that the service consumes.
fn consumed_topics() -> Topics {
    Topics::from_event::<Occurred<CourseChanged>>()
        .with::<Occurred<StudentChanged>>()
        .with::<Occurred<CourseCompleted>>()
        .with::<Occurred<PurchaseCreated>>()
        .with::<Occurred<CourseAccessGranted>>()
        .with::<Occurred<TrainerAllocated>>()
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<PaymentConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    use_envelopes(service);
    let provider = Provider::new(service)?;
    let tokens = ServiceTokens::new(CALLER, &settings.service_tokens)?;
    let live = LiveSessions::new(settings.redis.as_ref())?;
    let bearer = settings.access_tokens.authentication_with_services(
        service,
        Some(live.into()),
        &settings.service_tokens,
    )?;
    service.authenticate(bearer);
    let database = Database::connect(service, DATABASE, &settings.database, MIGRATIONS).await?;
    OperationLog::start(service, &database, &settings.operation_log, &[])?;
    let messaging = Messaging::connect(service, BROKER, &settings.broker).await?;
    let topics = Topics::new()
        .with_unroutable::<Occurred<PurchaseConfirmed>>()
        .with_unroutable::<Occurred<PaymentRefunded>>();
    let publisher = messaging.publisher(topics).await?;
    let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
    let inbox = outbox.inbox(GROUP, &settings.outbox);
    inbox.purge_regularly(service);
    messaging.subscribe(subscription(GROUP, inbox)).await?;
    let audit = AuditLog::start(service, &database, &settings.audit_log)?;
    let help = "Differences from the payment provider that wait for an operator.";
    let unresolved = service
        .metrics()
        .gauge("payment_unresolved_differences", help, &[]);
    let payments = Arc::new(Payments {
        booking: Booking::new(client(service, booking_client::CLIENT)?, tokens),
        order_ttl: settings.order_ttl,
        lookback: settings.reconciliation.lookback,
        database,
        outbox,
        audit,
        provider,
        unresolved,
    });
    workers::start(service, &payments, settings);
    service.http(api::routes(payments, RouteLimits::new(service)?));
    Ok(())
}

fn client(service: &Assembly<PaymentConfig>, name: &str) -> Result<HttpClient, StartError> {
    service
        .http_client(name)
        .map_err(|error| StartError::with_cause(format!("clients.{name} cannot be used"), error))
}
