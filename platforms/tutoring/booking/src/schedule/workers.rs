//! Work at intervals, on one replica at a time.

use std::sync::Arc;

use seaworthy::{data::DatabaseLeases, prelude::*, service::lease::LeaseConfig};

use super::Schedule as Sessions;
use crate::config::BookingConfig;

/// A trainer who becomes free is found within this time.
const RETRY_INTERVAL: Timeout = Timeout::from_secs(10 * 60);
/// The delay of an automatic confirmation after its 24 hours.
const CONFIRMATION_INTERVAL: Timeout = Timeout::from_secs(5 * 60);
/// The delay of an end by silence, a part of the silence itself.
const SILENCE_INTERVAL: Timeout = Timeout::from_secs(15);
const EXPIRY_INTERVAL: Timeout = Timeout::from_secs(10 * 60);

/// Starts the workers.
pub(crate) fn start(service: &Assembly<BookingConfig>, schedule: &Arc<Sessions>) {
    let leases = Arc::new(DatabaseLeases::new(schedule.database.clone()));
    let add = |worker: Worker| {
        service.worker(worker.singleton(Arc::clone(&leases) as _, LeaseConfig::default()));
    };
    let state = Arc::clone(schedule);
    let every = Schedule::Interval(RETRY_INTERVAL);
    add(Worker::in_steps(
        "retry pending allocations",
        every,
        move || {
            let state = Arc::clone(&state);
            // One step per run: allocations without a trainer stay pending.
            async move { state.retry_pending(None).await.map(|_| false) }
        },
    ));
    let state = Arc::clone(schedule);
    let every = Schedule::Interval(CONFIRMATION_INTERVAL);
    add(Worker::in_steps("confirm sessions", every, move || {
        let state = Arc::clone(&state);
        async move { state.confirm_unanswered().await }
    }));
    let state = Arc::clone(schedule);
    let every = Schedule::Interval(SILENCE_INTERVAL);
    add(Worker::in_steps("end silent journeys", every, move || {
        let state = Arc::clone(&state);
        async move { state.end_silent_journeys().await.map(|()| false) }
    }));
    let state = Arc::clone(schedule);
    let every = Schedule::Interval(EXPIRY_INTERVAL);
    add(Worker::in_steps("expire pre-bookings", every, move || {
        let state = Arc::clone(&state);
        async move { state.expire_pre_bookings().await }
    }));
}
