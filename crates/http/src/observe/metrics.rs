use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

use seaworthy_telemetry::metrics::{Counter, DURATION_BUCKETS, Gauge, Histogram, Kind, Metrics};

use super::Ended;
use crate::routes::{MethodLabel, PathId, RouteOptions, Table};

/// RED metrics by route template (OBS-4).
///
/// The templates are known when the stack is built, and methods and statuses are bounded. So every
/// series has an index in an array, and a request hashes no label.
#[derive(Debug)]
pub(super) struct HttpMetrics {
    metrics: Metrics,
    in_flight: Gauge,
    labels: Box<[Box<str>]>,
    paths: Box<[[OnceLock<RouteMetrics>; MethodLabel::COUNT]]>,
}

#[derive(Debug)]
struct RouteMetrics {
    /// Requests in flight, so that a stop can list them (LIFE-4).
    running: AtomicU32,
    duration: Histogram,
    /// Indexed by the first digit of the status, then by the other two.
    statuses: [OnceLock<Box<[OnceLock<Counter>]>>; STATUS_CLASSES],
}

const REQUESTS: &str = "http_requests_total";
const REQUESTS_HELP: &str =
    "Completed requests without probes. Status 499: the client disconnected.";

const STATUS_CLASSES: usize = 5;
const STATUSES_PER_CLASS: usize = 100;

impl HttpMetrics {
    pub(super) fn new(metrics: &Metrics, table: &Table) -> Self {
        let names = ["method", "path", "status"];
        metrics.declare(Kind::Counter, REQUESTS, REQUESTS_HELP, &names);
        let labels: Box<[Box<str>]> = table.labels().map(Into::into).collect();
        let this = Self {
            in_flight: metrics.gauge(
                "http_requests_in_flight",
                "Requests whose response has not been sent.",
                &[],
            ),
            metrics: metrics.clone(),
            paths: labels.iter().map(|_| Default::default()).collect(),
            labels,
        };
        for (path, method) in table.served() {
            this.route(path, method);
        }
        this
    }

    pub(super) fn record_start(&self, path: PathId, method: MethodLabel) {
        self.in_flight.increment();
        if let Some(route) = self.route(path, method) {
            route.running.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the routes with requests in flight.
    pub(super) fn running(&self) -> Vec<String> {
        let mut running = Vec::new();
        for (path, methods) in self.labels.iter().zip(&self.paths) {
            for (method, route) in MethodLabel::ALL.iter().zip(methods) {
                match route
                    .get()
                    .map_or(0, |route| route.running.load(Ordering::Relaxed))
                {
                    0 => {}
                    count => running.push(format!("{} {path} ({count})", method.as_str())),
                }
            }
        }
        running
    }

    pub(super) fn record_end(&self, ended: &Ended<'_>) {
        self.in_flight.decrement();
        let Some(route) = self.route(ended.path, ended.method) else {
            return;
        };
        route.running.fetch_sub(1, Ordering::Relaxed);
        // Probes are fast and rarely fail, so they would distort error ratios and latencies.
        if ended.options.is_some_and(RouteOptions::is_probe) {
            return;
        }
        // Measure an open-ended response, such as a stream, only until its head.
        let duration = ended.open_ended.unwrap_or(ended.duration);
        route
            .duration
            .observe_with_exemplar(duration, ended.context.trace());
        let status = usize::from(ended.status);
        let class = route
            .statuses
            .get((status / STATUSES_PER_CLASS).wrapping_sub(1));
        let counter = class.and_then(|class| {
            class
                .get_or_init(|| (0..STATUSES_PER_CLASS).map(|_| OnceLock::new()).collect())
                .get(status % STATUSES_PER_CLASS)
        });
        if let Some(counter) = counter {
            counter.get_or_init(|| self.counter(ended)).increment();
        }
    }

    fn route(&self, path: PathId, method: MethodLabel) -> Option<&RouteMetrics> {
        let place = self.paths.get(path.index())?.get(method.index())?;
        Some(place.get_or_init(|| RouteMetrics {
            running: AtomicU32::new(0),
            duration: self.metrics.histogram(
                "http_request_duration_seconds",
                "Time from the head of a request to the last byte of its response, or to the head of an open-ended response.",
                DURATION_BUCKETS,
                &[("method", method.as_str()), ("path", self.label(path))],
            ),
            statuses: Default::default(),
        }))
    }

    fn counter(&self, ended: &Ended<'_>) -> Counter {
        self.metrics.counter(
            REQUESTS,
            REQUESTS_HELP,
            &[
                ("method", ended.method.as_str()),
                ("path", self.label(ended.path)),
                ("status", &ended.status.to_string()),
            ],
        )
    }

    fn label(&self, path: PathId) -> &str {
        self.labels.get(path.index()).map_or("", |label| label)
    }
}
