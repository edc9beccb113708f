use seaworthy_telemetry::metrics::{Counter, Gauge, Metrics};

/// The metrics of a hub (OBS-5).
#[derive(Debug)]
pub(super) struct HubMetrics {
    pub(super) connections: Gauge,
    pub(super) rejected: Counter,
    pub(super) delivered: Counter,
    pub(super) too_slow: Counter,
}

impl HubMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self {
            connections: metrics.gauge(
                "realtime_connections",
                "Open connections that receive events.",
                &[],
            ),
            rejected: metrics.counter(
                "realtime_connections_rejected_total",
                "Connections rejected because of a limit or a stop.",
                &[],
            ),
            delivered: metrics.counter(
                "realtime_events_total",
                "Events passed to connections.",
                &[],
            ),
            too_slow: metrics.counter(
                "realtime_slow_connections_total",
                "Connections closed because their client read too slowly.",
                &[],
            ),
        }
    }
}
