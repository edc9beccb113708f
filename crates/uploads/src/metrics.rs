use seaworthy_telemetry::metrics::{Counter, Metrics};

/// The metrics of uploads (OBS-5).
#[derive(Debug, Clone)]
pub(crate) struct UploadMetrics {
    pub(crate) created: Counter,
    pub(crate) ready: Counter,
    pub(crate) failed: Counter,
    pub(crate) expired: Counter,
    pub(crate) announced_again: Counter,
}

impl UploadMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let of = |status: &str| {
            metrics.counter(
                "uploads_total",
                "Uploads that reached a status.",
                &[("status", status)],
            )
        };
        Self {
            created: of("pending"),
            ready: of("ready"),
            failed: of("failed"),
            expired: of("expired"),
            announced_again: metrics.counter(
                "uploads_republished_total",
                "Complete uploads without progress that were announced to the workers again.",
                &[],
            ),
        }
    }
}
