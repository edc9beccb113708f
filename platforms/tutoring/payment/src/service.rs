//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::AuditLog,
    config::{Conversion, LegacyVariable},
    messaging::Topics,
    operation_log::OperationLog,
    outbox::Consumer,
    prelude::*,
};
use tutoring_contract::{
    ServiceTokens,
    events::{BusinessEvent, PaymentRefunded, PurchaseConfirmed},
};
use tutoring_identity::{Backend, DATABASE, Stores, behind_gateway_with, store_variables, stores};

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
const VARIABLES: [LegacyVariable; 7] = [
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
        .legacy_variables(store_variables())
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
    let provider = Provider::new(service)?;
    let tokens = ServiceTokens::new(CALLER, &settings.service_tokens)?;
    let topics = Topics::new()
        .with_unroutable::<BusinessEvent<PurchaseConfirmed>>()
        .with_unroutable::<BusinessEvent<PaymentRefunded>>();
    let backend = Backend::start(service, &settings.backend()?, topics, MIGRATIONS).await?;
    OperationLog::start(service, &backend.database, &settings.operation_log, &[])?;
    backend.consume([consumer()], &Arc::new(Rows)).await?;
    let audit = AuditLog::start(service, &backend.database, &settings.audit_log)?;
    let help = "Differences from the payment provider that wait for an operator.";
    let unresolved = service
        .metrics()
        .gauge("payment_unresolved_differences", help, &[]);
    let payments = Arc::new(Payments {
        booking: Booking::new(service.http_client(booking_client::CLIENT)?, tokens),
        order_ttl: settings.order_ttl,
        lookback: settings.reconciliation.lookback,
        zone: settings.time_zone.clone(),
        database: backend.database,
        outbox: backend.outbox,
        audit,
        provider,
        unresolved,
    });
    workers::start(service, &payments, settings);
    service.http(api::routes(payments, RouteLimits::new(service)?));
    Ok(())
}
