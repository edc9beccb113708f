use seaworthy_telemetry::metrics::{Counter, Family, Metrics};

/// Reasons come from authenticators' own code; more than this would be a mistake in one.
const MOST_REASONS: usize = 64;

/// What the stack refused before a handler saw it (OBS-5).
#[derive(Debug)]
pub(super) struct RefusalMetrics {
    pub(super) rate_limited: Counter,
    pub(super) shed: Counter,
    pub(super) unauthenticated: Family<Counter>,
}

impl RefusalMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let by_reason = metrics.clone();
        Self {
            rate_limited: metrics.counter(
                "rate_limit_blocked_total",
                "Requests that a rate limit refused.",
                // The other limits of a service are counted under the same name, each with its own.
                &[("name", "server")],
            ),
            shed: metrics.counter(
                "load_shed_total",
                "Requests refused because too many were in flight.",
                &[],
            ),
            unauthenticated: Family::new(MOST_REASONS, move |reason| {
                by_reason.counter(
                    "auth_failures_total",
                    "Requests whose credentials were refused.",
                    &[("reason", reason)],
                )
            }),
        }
    }
}
