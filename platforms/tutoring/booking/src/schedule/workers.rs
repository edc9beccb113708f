//! Work at intervals, on one replica at a time.

use std::sync::Arc;

use seaworthy::{data::DatabaseLeases, prelude::*, service::lease::LeaseConfig};

use super::Schedule as Sessions;
use crate::config::BookingConfig;

/// Interval at which pending allocations are retried.
const RETRY_INTERVAL: Timeout = Timeout::from_secs(10 * 60);
/// Interval of automatic confirmations, which is their maximum delay.
const CONFIRMATION_INTERVAL: Timeout = Timeout::from_secs(5 * 60);
/// Interval at which journeys without recent locations are ended.
const SILENCE_INTERVAL: Timeout = Timeout::from_secs(15);
const EXPIRY_INTERVAL: Timeout = Timeout::from_secs(10 * 60);

/// Starts the workers.
pub(crate) fn start(service: &Assembly<BookingConfig>, schedule: &Arc<Sessions>) {
    let leases = Arc::new(DatabaseLeases::new(schedule.database.clone()));
    let retry = Worker::in_batches_of(
        "retry pending allocations",
        RETRY_INTERVAL,
        schedule,
        async |state| {
            // One step per run: allocations without a trainer stay pending.
            state.retry_pending(None).await.map(|_| false)
        },
    );
    let confirm = Worker::in_batches_of(
        "confirm sessions",
        CONFIRMATION_INTERVAL,
        schedule,
        async |state| state.confirm_unanswered().await,
    );
    let silence = Worker::in_batches_of(
        "end silent journeys",
        SILENCE_INTERVAL,
        schedule,
        async |state| state.end_silent_journeys().await.map(|()| false),
    );
    let expire = Worker::in_batches_of(
        "expire pre-bookings",
        EXPIRY_INTERVAL,
        schedule,
        async |state| state.expire_pre_bookings().await,
    );
    for worker in [retry, confirm, silence, expire] {
        service.worker(worker.singleton(Arc::clone(&leases) as _, LeaseConfig::default()));
    }
}
