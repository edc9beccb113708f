use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use seaworthy_telemetry::metrics::{Counter, Metrics};

pub(super) struct BudgetMetrics {
    pub(super) held: Held,
    pub(super) refused: Counter,
    pub(super) ended: Counter,
}

/// Bytes that requests hold.
#[derive(Clone, Default)]
pub(super) struct Held(Arc<AtomicU64>);

impl Held {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn subtract(&self, bytes: u64) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl BudgetMetrics {
    pub(super) fn new(metrics: &Metrics, limit: u64) -> Self {
        let held = Held::default();
        let shown = held.clone();
        metrics.observable_gauge(
            "request_body_bytes_held",
            "Bytes of request bodies that are held for requests in flight.",
            &[],
            move || as_value(shown.get()),
        );
        metrics.observable_gauge(
            "request_body_bytes_limit",
            "Bytes of request bodies that may be held at the same time.",
            &[],
            move || as_value(limit),
        );
        let refused = |reason| {
            metrics.counter(
                "request_body_budget_rejected_total",
                "Requests rejected because the budget for request bodies was exhausted.",
                &[("reason", reason)],
            )
        };
        Self {
            held,
            refused: refused("exhausted"),
            ended: refused("idle"),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a float")]
fn as_value(bytes: u64) -> f64 {
    bytes as f64
}
