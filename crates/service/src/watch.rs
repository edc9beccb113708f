use seaworthy_telemetry::metrics::Family;

use crate::assembly::Parts;

/// Far more checks than a service has. Their names come from its code.
const MOST_CHECKS: usize = 256;

/// Starts the health checks and the expiry of changed log levels.
pub(crate) fn begin(parts: &Parts) {
    let metrics = parts.telemetry.metrics().clone();
    let failures = Family::new(MOST_CHECKS, move |check| {
        metrics.counter(
            "health_check_failures_total",
            "Health checks that failed.",
            &[("check", check)],
        )
    });
    parts.health.on_failure(move |check, failure| {
        failures.get_or_create(check).increment();
        tracing::warn!(check, problem = %failure, "a health check failed");
    });
    let health = parts.health.clone();
    parts.tasks.supervise("health-checks", move |stop| {
        let health = health.clone();
        async move {
            tokio::select! {
                () = health.run() => {}
                () = stop.requested() => {}
            }
        }
    });
    let logs = parts.telemetry.logs().clone();
    parts.tasks.supervise("log-level-expiry", move |stop| {
        let logs = logs.clone();
        async move {
            tokio::select! {
                () = logs.levels().expire() => {}
                () = stop.requested() => {}
            }
        }
    });
}
