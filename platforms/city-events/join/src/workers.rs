//! What is done from time to time.

use seaworthy::{config::Settings, prelude::*};

use crate::{config::CountingConfig, store::Store};

/// Seldom enough to be no load, often enough that no purge is large.
const PURGED_EVERY: Timeout = Timeout::from_secs(60);
/// The interval of the worker. Mail about a cancellation may take some seconds, and the statement
/// mostly reads an empty table.
const EXPIRY_POLL_INTERVAL: Timeout = Timeout::from_secs(1);

/// Expires joins of canceled events, publishes counts again, and deletes expired keys.
pub(crate) fn start<C: Settings>(service: &Assembly<C>, store: &Store, counting: &CountingConfig) {
    let counted = store.clone();
    service.worker(Worker::new(
        "count of places",
        Schedule::Interval(counting.every),
        move |run| {
            let store = counted.clone();
            async move { Ok(store.publish_counts(&run.stop).await?) }
        },
    ));
    let canceled = store.clone();
    service.worker(Worker::new(
        "expiry of joins of canceled events",
        Schedule::Interval(EXPIRY_POLL_INTERVAL),
        move |run| {
            let store = canceled.clone();
            async move { Ok(store.expire_canceled(&run.stop).await?) }
        },
    ));
    let purged = store.clone();
    service.worker(Worker::in_steps(
        "purge of idempotency keys",
        Schedule::Interval(PURGED_EVERY),
        move || {
            let store = purged.clone();
            async move { Ok(store.purge_keys().await?) }
        },
    ));
}
