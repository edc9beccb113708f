use seaworthy_telemetry::metrics::{Counter, Gauge, Metrics};

use super::snapshot::TripReason;

pub(super) struct BreakerMetrics {
    pub(super) state: Gauge,
    pub(super) allowed: Counter,
    pub(super) rejected: Counter,
    trips: [(TripReason, Counter); TripReason::ALL.len()],
}

impl BreakerMetrics {
    pub(super) fn new(name: &str, metrics: &Metrics) -> Self {
        let calls = |outcome| {
            metrics.counter(
                "circuit_breaker_calls_total",
                "Calls that a circuit breaker allowed or rejected.",
                &[("name", name), ("outcome", outcome)],
            )
        };
        let trips = |reason: TripReason| {
            let counter = metrics.counter(
                "circuit_breaker_trips_total",
                "Times a circuit breaker opened.",
                &[("name", name), ("reason", reason.label())],
            );
            (reason, counter)
        };
        Self {
            state: metrics.gauge(
                "circuit_breaker_state",
                "0 closed, 1 open, 2 half-open.",
                &[("name", name)],
            ),
            allowed: calls("allowed"),
            rejected: calls("rejected"),
            trips: TripReason::ALL.map(trips),
        }
    }

    pub(super) fn count(&self, reason: TripReason) {
        if let Some((_, trips)) = self.trips.iter().find(|(known, _)| *known == reason) {
            trips.increment();
        }
    }
}
