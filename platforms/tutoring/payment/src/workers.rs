//! Work at intervals, on one replica at a time.

use std::sync::Arc;

use seaworthy::{data::DatabaseLeases, prelude::*, service::lease::LeaseConfig};

use crate::{config::PaymentConfig, payments::Payments};

/// An expired order holds coins for this time at most.
const EXPIRY_INTERVAL: Timeout = Timeout::from_secs(30);
/// The delay after which the booking service knows the end of a payment.
const DISCOUNT_INTERVAL: Timeout = Timeout::from_secs(5);
const REFUND_INTERVAL: Timeout = Timeout::from_secs(60);
const PURGE_INTERVAL: Timeout = Timeout::from_secs(60 * 60);
/// A run compares each payment of the last days by calls to the provider.
const RECONCILIATION_TIMEOUT: Timeout = Timeout::from_secs(2 * 60 * 60);

/// Adds a worker of steps that runs on one replica at a time.
macro_rules! in_steps {
    ($service:ident, $payments:ident, $leases:ident, $name:literal, $interval:expr, $step:ident) => {
        let state = Arc::clone($payments);
        let worker = Worker::in_steps($name, Schedule::Interval($interval), move || {
            let state = Arc::clone(&state);
            async move { state.$step().await }
        });
        $service.worker(worker.singleton(Arc::clone(&$leases) as _, LeaseConfig::default()));
    };
}

/// Starts the workers.
pub(crate) fn start(
    service: &Assembly<PaymentConfig>,
    payments: &Arc<Payments>,
    config: &PaymentConfig,
) {
    let leases = Arc::new(DatabaseLeases::new(payments.database.clone()));
    let expired = Arc::clone(payments);
    let worker = Worker::new(
        "expire payments",
        Schedule::Interval(EXPIRY_INTERVAL),
        move |_| {
            let payments = Arc::clone(&expired);
            async move { payments.expire().await }
        },
    );
    service.worker(worker.singleton(Arc::clone(&leases) as _, LeaseConfig::default()));
    in_steps!(
        service,
        payments,
        leases,
        "settle discounts",
        DISCOUNT_INTERVAL,
        settle_discounts
    );
    in_steps!(
        service,
        payments,
        leases,
        "settle refunds",
        REFUND_INTERVAL,
        settle_refunds
    );
    in_steps!(
        service,
        payments,
        leases,
        "purge webhooks",
        PURGE_INTERVAL,
        purge_events
    );
    let schedule = Schedule::Cron(config.reconciliation.schedule.clone());
    let reconciled = Arc::clone(payments);
    let worker = Worker::new("reconcile payments", schedule, move |_| {
        let payments = Arc::clone(&reconciled);
        async move { payments.reconcile().await }
    });
    service.worker(
        worker
            .timeout(RECONCILIATION_TIMEOUT)
            .singleton(leases, LeaseConfig::default()),
    );
}
