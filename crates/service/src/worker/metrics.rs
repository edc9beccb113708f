use std::time::Duration;

use seaworthy_telemetry::{
    ErrorReports,
    metrics::{Counter, DURATION_BUCKETS, Family, Histogram, Metrics},
};

use super::runner::Observer;
use crate::task::TaskPanic;

/// More workers than any service has: their names come from its own code.
const MOST_WORKERS: usize = 256;

/// Counts what workers do (OBS-5).
pub(crate) struct WorkerMetrics {
    runs: Family<Counter>,
    failures: Family<Counter>,
    durations: Family<Histogram>,
    errors: ErrorReports,
}

impl WorkerMetrics {
    pub(crate) fn new(metrics: &Metrics, errors: &ErrorReports) -> Self {
        let counters = |name: &'static str, help: &'static str| {
            let metrics = metrics.clone();
            Family::new(MOST_WORKERS, move |worker| {
                metrics.counter(name, help, &[("worker", worker)])
            })
        };
        let durations = {
            let metrics = metrics.clone();
            Family::new(MOST_WORKERS, move |worker| {
                metrics.histogram(
                    "worker_duration_seconds",
                    "How long runs take.",
                    DURATION_BUCKETS,
                    &[("worker", worker)],
                )
            })
        };
        Self {
            runs: counters("worker_runs_total", "Runs that ended, good and bad."),
            failures: counters(
                "worker_failures_total",
                "Runs that ended badly after all their attempts.",
            ),
            durations,
            errors: errors.clone(),
        }
    }
}

impl Observer for WorkerMetrics {
    fn ran(&self, worker: &str, succeeded: bool, duration: Duration) {
        self.runs.get_or_create(worker).increment();
        self.durations.get_or_create(worker).observe_duration(duration);
        if !succeeded {
            self.failures.get_or_create(worker).increment();
        }
    }

    fn panicked(&self, panic: &TaskPanic) {
        self.errors.record_panic(&panic.task, &panic.message);
    }
}
