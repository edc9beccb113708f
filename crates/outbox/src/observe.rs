use std::time::Duration;

use parking_lot::Mutex;
use seaworthy_telemetry::metrics::{Counter, Gauge, Metrics};

use crate::store::status::Status;

/// What is counted of an outbox and its relays (OBS-5).
#[derive(Debug)]
pub(crate) struct Observer {
    pub(crate) stored: Counter,
    pub(crate) sent: Counter,
    pub(crate) retried: Counter,
    pub(crate) dead: Counter,
    pub(crate) failures: Counter,
    pending: Gauge,
    parked: Gauge,
    oldest: Gauge,
    seen: Mutex<Status>,
}

impl Observer {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self {
            stored: metrics.counter(
                "outbox_stored_messages_total",
                "Events stored with a change that was committed.",
                &[],
            ),
            sent: metrics.counter(
                "outbox_sent_messages_total",
                "Events that the broker has confirmed.",
                &[],
            ),
            retried: metrics.counter(
                "outbox_retried_messages_total",
                "Events that the broker refused and that are tried again.",
                &[],
            ),
            dead: metrics.counter(
                "outbox_dead_messages_total",
                "Events that were set aside.",
                &[],
            ),
            failures: metrics.counter(
                "outbox_relay_failures_total",
                "Turns of a relay that the database or the broker did not let end.",
                &[],
            ),
            pending: metrics.gauge(
                "outbox_pending_messages",
                "Events that are to be published.",
                &[],
            ),
            parked: metrics.gauge(
                "outbox_parked_messages",
                "Events that are set aside until somebody looks at them.",
                &[],
            ),
            oldest: metrics.gauge(
                "outbox_oldest_message_seconds",
                "How long the oldest event that is to be published has waited.",
                &[],
            ),
            seen: Mutex::default(),
        }
    }

    pub(crate) fn saw(&self, status: Status) {
        self.pending.set(status.pending);
        self.parked.set(status.parked);
        self.oldest
            .set(i64::try_from(status.oldest.as_secs()).unwrap_or(i64::MAX));
        *self.seen.lock() = status;
    }

    pub(crate) fn oldest(&self) -> Duration {
        self.seen.lock().oldest
    }
}
