//! HTTP routes.

mod access;
mod coins;
mod fake;
mod payments;
mod views;

use std::sync::Arc;

use seaworthy::{
    prelude::*,
    resilience::rate_limit::{LimitBy, RateLimits},
};
use tutoring_contract::{AdminRole, ExtractResult, HandlerResult, Role, SERVICE_ROLE};

use crate::{
    config::PaymentConfig,
    payments::{COINS_WRITE, PAYMENT_READ, PAYMENT_REFUND, Payments},
};

type State = seaworthy::axum::extract::State<Arc<Payments>>;

/// The maximum size of a webhook. The provider sends a few KiB.
const MAX_WEBHOOK: ByteSize = ByteSize::kibibytes(256);
const STUDENT: &str = Role::Student.as_str();
const ADMIN: &str = Role::Admin.as_str();
/// Payments do not belong to a territory, so only super admins see and change them.
const SUPER_ADMIN: &str = AdminRole::SuperAdmin.as_str();

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
                config.limit(config.limits.create, LimitBy::Caller)
            })?,
            webhook: service.rate_limits("webhook", |config| {
                config.limit(config.limits.webhook, LimitBy::Ip)
            })?,
        })
    }
}

/// Returns the routes of students, administrators, other services and the provider.
pub(crate) fn routes(state: Arc<Payments>, limits: RouteLimits) -> Routes {
    let services = Routes::new()
        .post("/", payments::create_general)
        .post("/coins/referral/reverse", coins::reverse_referral)
        .with_options(|options| options.roles([SERVICE_ROLE]));
    let creation = Routes::new()
        .post("/session-booking", payments::create_booking)
        .with_options(|options| options.roles([STUDENT]).rate_limits(limits.create.clone()));
    let confirmation = Routes::new()
        .post("/{id}/confirm", payments::confirm)
        .with_options(|options| options.roles([STUDENT]));
    // The handlers check that a student is the owner, and that an administrator has the permission.
    let own = Routes::new()
        .get("/{id}", payments::show)
        .get("/{id}/status", payments::status)
        .get("/student/{student}", payments::list)
        .get("/wallet/{student}", coins::wallet)
        .get("/wallet/{student}/transactions", coins::ledger)
        .with_options(|options| options.roles([STUDENT, ADMIN]));
    let webhook = Routes::new()
        .post("/webhook/razorpay", payments::webhook)
        .with_options(|options| {
            options
                .access(Access::Public)
                .body_limit(MAX_WEBHOOK)
                .without_rate_limit()
                .rate_limits(limits.webhook.clone())
        });
    let readers = Routes::new()
        .get("/reconciliation", payments::reconciliation)
        .get("/unexpected-captures", payments::captures)
        .with_options(|options| options.roles([SUPER_ADMIN]).scopes([PAYMENT_READ]));
    let refunds = Routes::new()
        .post("/{id}/refund", payments::refund)
        .with_options(|options| options.roles([SUPER_ADMIN]).scopes([PAYMENT_REFUND]));
    // The handlers check the permission of administrators.
    let changes = Routes::new()
        .post("/coins/course-completion", coins::complete_course)
        .post("/coins/referral", coins::refer)
        .post("/coins/adjust", coins::adjust)
        .post("/coins/redeem", coins::redeem)
        .with_options(|options| options.roles([SERVICE_ROLE, ADMIN]));
    let configuration = Routes::new()
        .get("/coins/configuration", coins::configuration)
        .put("/coins/configuration", coins::configure)
        .with_options(|options| options.roles([SUPER_ADMIN]).scopes([COINS_WRITE]));
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
                .post("/fake/{order}/pay", fake::pay)
                .with_options(|options| options.roles([STUDENT])),
        );
    }
    Routes::new()
        .nest("/api/v1/payments", all)
        .with_state(state)
}
