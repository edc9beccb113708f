use seaworthy_telemetry::metrics::{Counter, DURATION_BUCKETS, Gauge, Histogram, Metrics};

/// The metrics of a pool (OBS-5).
pub(super) struct PoolMetrics {
    pub(super) open: Gauge,
    pub(super) in_use: Gauge,
    pub(super) idle: Gauge,
    pub(super) waiting: Gauge,
    pub(super) wait: Histogram,
    pub(super) timeouts: Counter,
}

impl PoolMetrics {
    pub(super) fn new(name: &str, max_connections: u32, metrics: &Metrics) -> Self {
        let labels = [("name", name)];
        let gauge = |metric, help| metrics.gauge(metric, help, &labels);
        gauge(
            "database_pool_max_connections",
            "Connections that may be open.",
        )
        .set(max_connections.into());
        Self {
            open: gauge("database_pool_open", "Connections that are open."),
            in_use: gauge("database_pool_in_use", "Connections in use."),
            idle: gauge("database_pool_idle", "Open connections that are idle."),
            waiting: gauge(
                "database_pool_waiting",
                "Statements and transactions that wait for a connection.",
            ),
            wait: metrics.histogram(
                "database_pool_wait_seconds",
                "Time until a statement or transaction may use a connection.",
                DURATION_BUCKETS,
                &labels,
            ),
            timeouts: metrics.counter(
                "database_pool_timeouts_total",
                "Waits for a connection that timed out.",
                &labels,
            ),
        }
    }
}
