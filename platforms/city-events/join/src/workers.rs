//! Workers that run at intervals.

use seaworthy::{config::Settings, prelude::*};

use crate::{application::Joins, config::RecountConfig};

/// The delay after which a status change is in the audit log.
const AUDIT_INTERVAL: Timeout = Timeout::from_secs(1);
/// The interval of the purge of idempotency keys, so that one purge deletes few rows.
const PURGE_INTERVAL: Timeout = Timeout::from_secs(60);
/// The interval of the expiry of joins. E-mail about a cancellation may arrive some seconds later,
/// and the table is usually empty.
const EXPIRY_INTERVAL: Timeout = Timeout::from_secs(1);

/// Starts the workers that expire joins of canceled events, publish counts, fill the audit log and
/// delete expired keys.
pub(crate) fn start<C: Settings>(service: &Assembly<C>, joins: &Joins, recount: &RecountConfig) {
    let counted = joins.clone();
    service.worker(Worker::new(
        "recount of seats",
        Schedule::Interval(recount.interval),
        move |run| {
            let joins = counted.clone();
            async move { Ok(joins.publish_counts(&run.stop).await?) }
        },
    ));
    let canceled = joins.clone();
    service.worker(Worker::new(
        "expiry of joins of canceled events",
        Schedule::Interval(EXPIRY_INTERVAL),
        move |run| {
            let joins = canceled.clone();
            async move { Ok(joins.expire_canceled(&run.stop).await?) }
        },
    ));
    let audited = joins.clone();
    service.worker(Worker::in_batches(
        "audit of joins",
        Schedule::Interval(AUDIT_INTERVAL),
        move || {
            let joins = audited.clone();
            async move { Ok(joins.audit_changes().await?) }
        },
    ));
    let purged = joins.clone();
    service.worker(Worker::in_batches(
        "purge of idempotency keys",
        Schedule::Interval(PURGE_INTERVAL),
        move || {
            let joins = purged.clone();
            async move { Ok(joins.purge_keys().await?) }
        },
    ));
}
