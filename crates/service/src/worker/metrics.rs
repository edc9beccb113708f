use std::time::Duration;

use seaworthy_telemetry::{
    ErrorReports,
    metrics::{Counter, DURATION_BUCKETS, Family, Histogram, Metrics},
};

use super::runner::Observer;
use crate::task::TaskPanic;

/// Far more workers than a service has. Their names come from its code.
const MOST_WORKERS: usize = 256;

/// The metrics of workers (OBS-5).
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
                    "Duration of runs.",
                    DURATION_BUCKETS,
                    &[("worker", worker)],
                )
            })
        };
        Self {
            runs: counters("worker_runs_total", "Completed runs, successful or failed."),
            failures: counters(
                "worker_failures_total",
                "Runs that failed after all attempts.",
            ),
            durations,
            errors: errors.clone(),
        }
    }
}

impl Observer for WorkerMetrics {
    fn ran(&self, worker: &str, succeeded: bool, duration: Duration) {
        self.runs.get_or_create(worker).increment();
        self.durations
            .get_or_create(worker)
            .observe_duration(duration);
        if !succeeded {
            self.failures.get_or_create(worker).increment();
        }
    }

    fn panicked(&self, panic: &TaskPanic) {
        self.errors.record_panic(&panic.task, &panic.message);
    }
}
