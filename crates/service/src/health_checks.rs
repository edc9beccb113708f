use seaworthy_telemetry::metrics::{Family, Kind};

use crate::assembly::Parts;

const FAILURES: &str = "health_check_failures_total";
const FAILURES_HELP: &str = "Health checks that failed.";
/// Maximum number of label values, far more checks than a service has. Code defines their names.
const MAX_CHECKS: usize = 256;

/// Starts the health checks and the expiry of changed log levels.
pub(crate) fn begin(parts: &Parts) {
    let metrics = parts.telemetry.metrics().clone();
    metrics.declare(Kind::Counter, FAILURES, FAILURES_HELP, &["check"]);
    let failures = Family::new(MAX_CHECKS, move |check| {
        metrics.counter(FAILURES, FAILURES_HELP, &[("check", check)])
    });
    let readiness = parts.health.readiness_reader();
    parts.telemetry.metrics().observable_gauge(
        "health_ready",
        "1 while the service accepts traffic, else 0.",
        &[],
        move || f64::from(u8::from(readiness().accepts_traffic())),
    );
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
