use std::time::Duration;

use parking_lot::Mutex;
use seaworthy_telemetry::metrics::{Counter, Gauge, Metrics};

use crate::store::status::Status;

/// The metrics of an outbox and its relays (OBS-5).
#[derive(Debug)]
pub(crate) struct OutboxMetrics {
    pub(crate) stored: Counter,
    pub(crate) sent: Counter,
    pub(crate) retried: Counter,
    pub(crate) dead_lettered: Counter,
    pub(crate) failures: Counter,
    pending: Gauge,
    dead_letters: Gauge,
    oldest: Gauge,
    status: Mutex<Status>,
}

impl OutboxMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self {
            stored: metrics.counter(
                "outbox_stored_messages_total",
                "Events stored by committed transactions.",
                &[],
            ),
            sent: metrics.counter(
                "outbox_sent_messages_total",
                "Events that the broker has confirmed.",
                &[],
            ),
            retried: metrics.counter(
                "outbox_retried_messages_total",
                "Rejections by the broker after which a relay retries the event.",
                &[],
            ),
            dead_lettered: metrics.counter(
                "outbox_dead_letters_total",
                "Events that a relay dead-lettered.",
                &[],
            ),
            failures: metrics.counter(
                "outbox_relay_failures_total",
                "Batches that failed because the database or the broker was unavailable.",
                &[],
            ),
            pending: metrics.gauge(
                "outbox_pending_messages",
                "Events that wait to be published.",
                &[],
            ),
            dead_letters: metrics.gauge(
                "outbox_dead_letter_messages",
                "Dead letters in the outbox.",
                &[],
            ),
            oldest: metrics.gauge(
                "outbox_oldest_message_seconds",
                "How long the oldest pending event has waited.",
                &[],
            ),
            status: Mutex::default(),
        }
    }

    pub(crate) fn record(&self, status: Status) {
        self.pending.set(status.pending);
        self.dead_letters.set(status.dead_letters);
        self.oldest
            .set(i64::try_from(status.oldest.as_secs()).unwrap_or(i64::MAX));
        *self.status.lock() = status;
    }

    /// How long the oldest pending event had waited when the outbox was counted last.
    pub(crate) fn oldest(&self) -> Duration {
        self.status.lock().oldest
    }
}
