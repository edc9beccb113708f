use seaworthy_telemetry::metrics::{Counter, Family, Metrics};

/// Maximum number of reasons as label values. The code of an authenticator defines them.
const MAX_REASONS: usize = 64;

/// Counts requests that the stack rejected before a handler ran (OBS-5).
#[derive(Debug)]
pub(super) struct RejectionMetrics {
    pub(super) unauthenticated: Family<Counter>,
}

impl RejectionMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let by_reason = metrics.clone();
        Self {
            unauthenticated: Family::new(MAX_REASONS, move |reason| {
                by_reason.counter(
                    "auth_failures_total",
                    "Requests whose credentials were rejected.",
                    &[("reason", reason)],
                )
            }),
        }
    }
}
