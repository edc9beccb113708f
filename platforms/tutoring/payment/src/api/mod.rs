//! HTTP routes.

mod access;
mod coins;
mod fake;
mod payments;
mod views;

use std::sync::Arc;

use seaworthy::{
    axum::{
        response::Response,
        routing::{get, post},
    },
    prelude::*,
    resilience::rate_limit::{LimitBy, RateLimits},
};
use tutoring_contract::{ApiError, Role, SERVICE_ROLE};

use crate::{
    config::PaymentConfig,
    payments::{COINS_WRITE, PAYMENT_READ, PAYMENT_REFUND, Payments},
};

type HandlerResult = Result<Response, ApiError>;
/// An extractor. Its error becomes an envelope in the handler.
type Given<T> = Result<T, Error>;
type State = seaworthy::axum::extract::State<Arc<Payments>>;

/// The maximum size of a webhook. Those of the provider have a few KiB.
const MAX_WEBHOOK: ByteSize = ByteSize::kibibytes(256);
const STUDENT: &str = Role::Student.as_str();
const ADMIN: &str = Role::Admin.as_str();

/// The rate limits of routes.
pub(crate) struct RouteLimits {
    create: RateLimits,
    webhook: RateLimits,
}

impl RouteLimits {
    /// # Errors
    /// The settings are invalid.
    pub(crate) fn new(service: &Assembly<PaymentConfig>) -> Result<Self, StartError> {
        Ok(Self {
            create: service.rate_limits("create", |config| {
                config.limits.of(config.limits.create, LimitBy::Caller)
            })?,
            webhook: service.rate_limits("webhook", |config| {
                config.limits.of(config.limits.webhook, LimitBy::All)
            })?,
        })
    }
}

/// Returns the routes of students, administrators, other services and the provider.
pub(crate) fn routes(state: Arc<Payments>, limits: RouteLimits) -> Routes {
    let services = Routes::new()
        .route("/", post(payments::create_general))
        .route("/coins/referral/reverse", post(coins::reverse_referral))
        .with_options(|options| options.roles([SERVICE_ROLE]));
    let creation = Routes::new()
        .route("/session-booking", post(payments::create_booking))
        .with_options(|options| options.roles([STUDENT]).rate_limits(limits.create.clone()));
    let confirmation = Routes::new()
        .route("/{id}/confirm", post(payments::confirm))
        .with_options(|options| options.roles([STUDENT]));
    // The handlers check that a student is the owner, and that an administrator has the permission.
    let own = Routes::new()
        .route("/{id}", get(payments::show))
        .route("/{id}/status", get(payments::status))
        .route("/student/{student}", get(payments::list))
        .route("/wallet/{student}", get(coins::wallet))
        .route("/wallet/{student}/transactions", get(coins::ledger))
        .with_options(|options| options.roles([STUDENT, ADMIN]));
    let webhook = Routes::new()
        .route("/webhook/razorpay", post(payments::webhook))
        .with_options(|options| {
            options
                .access(Access::Public)
                .body_limit(MAX_WEBHOOK)
                .without_rate_limit()
                .rate_limits(limits.webhook.clone())
        });
    let readers = Routes::new()
        .route("/reconciliation", get(payments::reconciliation))
        .route("/unexpected-captures", get(payments::captures))
        .with_options(|options| options.roles([ADMIN]).scopes([PAYMENT_READ]));
    let refunds = Routes::new()
        .route("/{id}/refund", post(payments::refund))
        .with_options(|options| options.roles([ADMIN]).scopes([PAYMENT_REFUND]));
    // The handlers check the permission of administrators.
    let changes = Routes::new()
        .route("/coins/course-completion", post(coins::complete_course))
        .route("/coins/referral", post(coins::refer))
        .route("/coins/adjust", post(coins::adjust))
        .route("/coins/redeem", post(coins::redeem))
        .with_options(|options| options.roles([SERVICE_ROLE, ADMIN]));
    let configuration = Routes::new()
        .route(
            "/coins/configuration",
            get(coins::configuration).put(coins::configure),
        )
        .with_options(|options| options.roles([ADMIN]).scopes([COINS_WRITE]));
    let mut all = services
        .merge(creation)
        .merge(confirmation)
        .merge(own)
        .merge(webhook)
        .merge(readers)
        .merge(refunds)
        .merge(changes)
        .merge(configuration);
    if state.provider.fake.is_some() {
        all = all.merge(
            Routes::new()
                .route("/fake/{order}/pay", post(fake::pay))
                .with_options(|options| options.roles([STUDENT])),
        );
    }
    Routes::new()
        .nest("/api/v1/payments", all)
        .with_state(state)
}
