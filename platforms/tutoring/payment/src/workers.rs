//! Work at intervals, on one replica at a time.

use std::sync::Arc;

use seaworthy::{data::DatabaseLeases, prelude::*, service::lease::LeaseConfig};

use crate::{config::PaymentConfig, payments::Payments};

/// The interval of the expiry, which is the maximum time that an expired order reserves coins.
/// Failed payments are read twice within `FINAL_CHECK`.
const EXPIRY_INTERVAL: Timeout = Timeout::from_secs(30);
/// The interval at which discounts are settled with the booking service.
const DISCOUNT_INTERVAL: Timeout = Timeout::from_secs(5);
const REFUND_INTERVAL: Timeout = Timeout::from_secs(60);
const PURGE_INTERVAL: Timeout = Timeout::from_secs(60 * 60);
/// Timeout of a run, which calls the provider for each payment of the lookback.
const RECONCILIATION_TIMEOUT: Timeout = Timeout::from_secs(2 * 60 * 60);

/// Starts the workers.
pub(crate) fn start(
    service: &Assembly<PaymentConfig>,
    payments: &Arc<Payments>,
    config: &PaymentConfig,
) {
    let leases = Arc::new(DatabaseLeases::new(payments.database.clone()));
    let expire = Worker::in_batches_of(
        "expire payments",
        EXPIRY_INTERVAL,
        payments,
        async |payments| payments.expire().await.map(|()| false),
    );
    let discounts = Worker::in_batches_of(
        "settle discounts",
        DISCOUNT_INTERVAL,
        payments,
        async |payments| payments.settle_discounts().await,
    );
    let refunds = Worker::in_batches_of(
        "settle refunds",
        REFUND_INTERVAL,
        payments,
        async |payments| payments.settle_refunds().await,
    );
    let purge = Worker::in_batches_of(
        "purge webhooks",
        PURGE_INTERVAL,
        payments,
        async |payments| payments.purge_events().await,
    );
    let schedule = Schedule::Cron(config.reconciliation.schedule.clone());
    let reconciled = Arc::clone(payments);
    let reconcile = Worker::new("reconcile payments", schedule, move |_| {
        let payments = Arc::clone(&reconciled);
        async move { payments.reconcile().await }
    });
    let reconcile = reconcile.timeout(RECONCILIATION_TIMEOUT);
    for worker in [expire, discounts, refunds, purge, reconcile] {
        service.worker(worker.singleton(Arc::clone(&leases) as _, LeaseConfig::default()));
    }
}
