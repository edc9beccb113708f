//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::AuditLog,
    config::{Conversion, LegacyVariable},
    data::Database,
    messaging::{Messaging, Topics},
    operation_log::OperationLog,
    outbox::{Consumer, Outbox},
    prelude::*,
};
use tutoring_contract::{
    ServiceTokens,
    events::{BusinessEvent, PaymentRefunded, PurchaseConfirmed},
    use_envelopes,
};
use tutoring_identity::{
    BROKER, DATABASE, LiveSessions, STORE_VARIABLES, Stores, behind_gateway_with, stores,
};

use crate::{
    api::{self, RouteLimits},
    booking_client::{self, Booking},
    config::PaymentConfig,
    invariants::INVARIANTS,
    payments::{Payments, Rows, consumer},
    provider::Provider,
    store::MIGRATIONS,
    workers,
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-payment";
/// The name of the service in the tokens of its calls.
const CALLER: &str = "payment";
/// Requests per minute of one address, above the limits of the gateway.
const REQUESTS: u32 = 600;

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 8] = [
    LegacyVariable::converted("PAYMENT_SERVICE_PORT", "server.http.addr", Conversion::Port),
    LegacyVariable::sets("BOOKING_SERVICE_URL", "clients.booking.base_url"),
    LegacyVariable::sets("PLATFORM_TIMEZONE", "time_zone"),
    LegacyVariable::sets("RAZORPAY_KEY_ID", "provider.key_id"),
    LegacyVariable::sets("RAZORPAY_KEY_SECRET", "provider.key_secret"),
    LegacyVariable::sets("RAZORPAY_WEBHOOK_SECRET", "provider.webhook_secret"),
    LegacyVariable::converted(
        "PAYMENT_SESSION_TTL_MINUTES",
        "order_ttl",
        Conversion::Minutes,
    ),
    LegacyVariable::ignored(
        "COIN_*",
        "set the rules of coins with PUT /payments/coins/configuration",
    ),
];

/// Returns the service with its default ports: HTTP 3007, admin listener 3107.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway_with(service, "PAYMENT_SERVICE_PORT", [3007, 3107], REQUESTS)
        .default_value("server.http.max_body_size", "256KiB")
        .default_value("clients.booking.base_url", "http://127.0.0.1:3011")
        .default_value("clients.razorpay.base_url", "https://api.razorpay.com")
        // Do not send traces and request IDs to the provider.
        .default_value("clients.razorpay.propagation", "none")
        .legacy_variables(STORE_VARIABLES.to_vec())
        .legacy_variables(VARIABLES)
}

stores!(PaymentConfig);

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = PaymentConfig::commands(MIGRATIONS, || Consumer::topics([consumer()]))
        .with(INVARIANTS.command(DATABASE, PaymentConfig::database));
    service().main_with(commands, assemble)
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
        .with_unroutable::<BusinessEvent<PurchaseConfirmed>>()
        .with_unroutable::<BusinessEvent<PaymentRefunded>>();
    let publisher = messaging.publisher(topics).await?;
    let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
    // One worker removes the messages of all inboxes, which share a table.
    outbox
        .inbox(NAME, &settings.outbox)
        .purge_regularly(service);
    let inbox = |group: &str| outbox.inbox(group, &settings.outbox);
    Consumer::subscribe([consumer()], &messaging, &Arc::new(Rows), inbox).await?;
    let audit = AuditLog::start(service, &database, &settings.audit_log)?;
    let help = "Differences from the payment provider that wait for an operator.";
    let unresolved = service
        .metrics()
        .gauge("payment_unresolved_differences", help, &[]);
    let payments = Arc::new(Payments {
        booking: Booking::new(service.http_client(booking_client::CLIENT)?, tokens),
        order_ttl: settings.order_ttl,
        lookback: settings.reconciliation.lookback,
        zone: settings.time_zone.clone(),
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
