//! What is done from time to time.

use seaworthy::{config::Settings, prelude::*};

use crate::{config::CountingConfig, store::Store};

/// Events whose counts are told in one step.
const COUNTED_AT_ONCE: u32 = 500;
/// Seldom enough to be no load, often enough that no purge is large.
const PURGED_EVERY: Timeout = Timeout::from_secs(60);

/// Tells counts again, and forgets keys whose time is over.
pub(crate) fn start<C: Settings>(service: &Assembly<C>, store: &Store, counting: &CountingConfig) {
    let counted = store.clone();
    service.worker(Worker::new(
        "count of places",
        Schedule::Interval(counting.every),
        move |run| {
            let store = counted.clone();
            async move {
                for event in store.uncounted(COUNTED_AT_ONCE).await? {
                    if run.stop.is_requested() {
                        break;
                    }
                    store.tell_count(event).await?;
                }
                Ok(())
            }
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
