use std::time::Duration;

use chrono::Utc;
use seaworthy_telemetry::{
    ErrorReports,
    metrics::{Counter, DURATION_BUCKETS, Family, Gauge, Histogram, Kind, Metrics},
};

use super::runner::Observer;
use crate::task::TaskPanic;

const DURATION: &str = "worker_duration_seconds";
const DURATION_HELP: &str = "Duration of runs.";
const LEASE: &str = "worker_lease_held";
const LEASE_HELP: &str = "1 while this replica holds the lease of the worker, else 0. Only workers with a lease have it.";
/// Maximum number of label values, far more workers than a service has. Code defines their names.
const MAX_WORKERS: usize = 256;

/// The metrics of workers (OBS-5).
pub(crate) struct WorkerMetrics {
    runs: Family<Counter>,
    failures: Family<Counter>,
    durations: Family<Histogram>,
    last_runs: Family<Gauge>,
    last_successes: Family<Gauge>,
    starts: Family<Gauge>,
    leases: Family<Gauge>,
    errors: ErrorReports,
}

impl WorkerMetrics {
    pub(crate) fn new(metrics: &Metrics, errors: &ErrorReports) -> Self {
        let counters = |name: &'static str, help: &'static str| {
            metrics.declare(Kind::Counter, name, help, &["worker"]);
            let metrics = metrics.clone();
            Family::new(MAX_WORKERS, move |worker| {
                metrics.counter(name, help, &[("worker", worker)])
            })
        };
        let times = |name: &'static str, help: &'static str| {
            metrics.declare(Kind::Gauge, name, help, &["worker"]);
            let metrics = metrics.clone();
            Family::new(MAX_WORKERS, move |worker| {
                metrics.gauge(name, help, &[("worker", worker)])
            })
        };
        let durations = {
            metrics.declare(Kind::Histogram, DURATION, DURATION_HELP, &["worker"]);
            let metrics = metrics.clone();
            Family::new(MAX_WORKERS, move |worker| {
                let labels = [("worker", worker)];
                metrics.histogram(DURATION, DURATION_HELP, DURATION_BUCKETS, &labels)
            })
        };
        // Not declared, because the alert on it concerns only services with a lease.
        let leases = {
            let metrics = metrics.clone();
            Family::new(MAX_WORKERS, move |worker| {
                metrics.gauge(LEASE, LEASE_HELP, &[("worker", worker)])
            })
        };
        Self {
            leases,
            runs: counters("worker_runs_total", "Completed runs, successful or failed."),
            failures: counters(
                "worker_failures_total",
                "Runs that failed after all attempts.",
            ),
            durations,
            last_runs: times(
                "worker_last_run_timestamp_seconds",
                "Unix time of the end of the last run.",
            ),
            last_successes: times(
                "worker_last_success_timestamp_seconds",
                "Unix time of the end of the last successful run.",
            ),
            starts: times(
                "worker_started_timestamp_seconds",
                "Unix time of the start of the worker on this replica.",
            ),
            errors: errors.clone(),
        }
    }
}

impl Observer for WorkerMetrics {
    /// Records the start, so that the alert on stalled workers has a series for a worker that never
    /// succeeds.
    fn started(&self, worker: &str) {
        let now = Utc::now().timestamp();
        self.starts.get_or_create(worker).set(now);
    }

    fn ran(&self, worker: &str, outcome: Result<(), &str>, duration: Duration) {
        self.runs.get_or_create(worker).increment();
        self.durations
            .get_or_create(worker)
            .observe_duration(duration);
        let now = Utc::now().timestamp();
        self.last_runs.get_or_create(worker).set(now);
        match outcome {
            Ok(()) => self.last_successes.get_or_create(worker).set(now),
            Err(problem) => {
                self.failures.get_or_create(worker).increment();
                let source = format!("worker {worker}");
                self.errors.record_error(&source, problem, None);
            }
        }
    }

    fn panicked(&self, panic: &TaskPanic) {
        self.errors.record_panic(&panic.task, &panic.message);
    }

    fn holds_lease(&self, worker: &str, is_held: bool) {
        let gauge = self.leases.get_or_create(worker);
        gauge.set(i64::from(is_held));
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_core::ServiceIdentity;
    use seaworthy_telemetry::{
        ErrorKind, ErrorReport, ErrorSink, MetricsConfig, Telemetry,
        logs::{LogConfig, MemorySink},
        metrics::Format,
        tracer::TracingConfig,
    };

    use super::*;

    #[derive(Default)]
    struct Reports(parking_lot::Mutex<Vec<ErrorReport>>);

    impl ErrorSink for Reports {
        fn report(&self, report: &ErrorReport) {
            self.0.lock().push(report.clone());
        }
    }

    #[test]
    fn failed_run_keeps_the_time_of_the_last_success_obs_5() {
        let telemetry = Telemetry::start_with_sink(
            &ServiceIdentity::new("orders", "1.0.0"),
            &LogConfig::default(),
            &MetricsConfig::default(),
            &TracingConfig::default(),
            true,
            std::sync::Arc::new(MemorySink::default()),
        );
        let telemetry = telemetry.unwrap();
        let metrics = telemetry.metrics();
        let workers = WorkerMetrics::new(metrics, telemetry.errors());
        let now = Utc::now().timestamp();
        let reports = std::sync::Arc::new(Reports::default());
        telemetry.errors().add_sink(reports.clone());
        workers.ran("cleanup", Err("disk full"), Duration::ZERO);
        let text = metrics.render(Format::PrometheusText);
        let time = |text: &str, name: &str| -> Option<i64> {
            let line = format!("worker_last_{name}_timestamp_seconds{{worker=\"cleanup\"}} ");
            let value = text.lines().find_map(|text| text.strip_prefix(&line))?;
            Some(value.parse().unwrap())
        };
        assert!(time(&text, "run").unwrap() >= now, "{text}");
        assert_eq!(time(&text, "success"), None, "{text}");
        let report = reports.0.lock().pop().unwrap();
        assert_eq!(report.kind, ErrorKind::Error);
        assert_eq!(
            (&*report.source, &*report.message),
            ("worker cleanup", "disk full")
        );
        workers.ran("cleanup", Ok(()), Duration::ZERO);
        let text = metrics.render(Format::PrometheusText);
        assert!(time(&text, "success").unwrap() >= now, "{text}");
    }

    /// The alert on a lease that no replica holds is rendered only for services with the metric.
    #[test]
    fn only_workers_with_a_lease_record_it_obs_9() {
        let telemetry = Telemetry::start_with_sink(
            &ServiceIdentity::new("orders", "1.0.0"),
            &LogConfig::default(),
            &MetricsConfig::default(),
            &TracingConfig::default(),
            true,
            std::sync::Arc::new(MemorySink::default()),
        );
        let telemetry = telemetry.unwrap();
        let metrics = telemetry.metrics();
        let workers = WorkerMetrics::new(metrics, telemetry.errors());
        workers.started("cleanup");
        let is_known = || metrics.descriptors().iter().any(|it| it.name == LEASE);
        assert!(!is_known());
        for (is_held, value) in [(false, 0), (true, 1), (false, 0)] {
            workers.holds_lease("report", is_held);
            let text = metrics.render(Format::PrometheusText);
            let line = format!("worker_lease_held{{worker=\"report\"}} {value}\n");
            assert!(text.contains(&line), "{text}");
        }
        assert!(is_known());
    }

    #[test]
    fn worker_without_a_success_counts_from_its_start_obs_9() {
        let telemetry = Telemetry::start_with_sink(
            &ServiceIdentity::new("orders", "1.0.0"),
            &LogConfig::default(),
            &MetricsConfig::default(),
            &TracingConfig::default(),
            true,
            std::sync::Arc::new(MemorySink::default()),
        );
        let telemetry = telemetry.unwrap();
        let metrics = telemetry.metrics();
        let workers = WorkerMetrics::new(metrics, telemetry.errors());
        let now = Utc::now().timestamp();
        workers.started("cleanup");
        let text = metrics.render(Format::PrometheusText);
        let line = "worker_started_timestamp_seconds{worker=\"cleanup\"} ";
        let value = text.lines().find_map(|text| text.strip_prefix(line));
        assert!(value.unwrap().parse::<i64>().unwrap() >= now, "{text}");
        // Another replica may have stalled, so a start is not a success.
        assert!(
            !text.contains("worker_last_success_timestamp_seconds{"),
            "{text}"
        );
    }
}
