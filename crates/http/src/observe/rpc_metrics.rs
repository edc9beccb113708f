use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

use seaworthy_telemetry::metrics::{Counter, DURATION_BUCKETS, Gauge, Histogram, Kind, Metrics};

use super::Ended;
use crate::{
    routes::{PathId, RouteOptions, Table},
    rpc::RpcStatus,
};

/// RED metrics by method of a gRPC service (OBS-4). Every series has an index in an array.
#[derive(Debug)]
pub(super) struct RpcMetrics {
    metrics: Metrics,
    in_flight: Gauge,
    methods: Box<[MethodMetrics]>,
}

const REQUESTS: &str = "grpc_requests_total";
const REQUESTS_HELP: &str = "Calls that have ended.";

#[derive(Debug)]
struct MethodMetrics {
    service: Box<str>,
    method: Box<str>,
    /// Calls in flight, so that a stop can list them (LIFE-4).
    running: AtomicU32,
    duration: OnceLock<Histogram>,
    statuses: [OnceLock<Counter>; RpcStatus::COUNT],
}

impl RpcMetrics {
    pub(super) fn new(metrics: &Metrics, table: &Table) -> Self {
        let names = ["service", "method", "status"];
        metrics.declare(Kind::Counter, REQUESTS, REQUESTS_HELP, &names);
        let this = Self {
            in_flight: metrics.gauge(
                "grpc_requests_in_flight",
                "Calls whose response has not been sent.",
                &[],
            ),
            methods: table.labels().map(MethodMetrics::new).collect(),
            metrics: metrics.clone(),
        };
        for method in &this.methods {
            method.duration(&this.metrics);
        }
        this
    }

    pub(super) fn record_start(&self, path: PathId) {
        self.in_flight.increment();
        if let Some(method) = self.methods.get(path.index()) {
            method.running.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the methods with calls in flight.
    pub(super) fn running(&self) -> Vec<String> {
        self.methods
            .iter()
            .filter_map(|method| match method.running.load(Ordering::Relaxed) {
                0 => None,
                count => Some(format!("{}/{} ({count})", method.service, method.method)),
            })
            .collect()
    }

    pub(super) fn record_end(&self, ended: &Ended<'_>) {
        self.in_flight.decrement();
        let Some(method) = self.methods.get(ended.path.index()) else {
            return;
        };
        method.running.fetch_sub(1, Ordering::Relaxed);
        // Probes are fast and rarely fail, so they would distort error ratios and latencies.
        if ended.options.is_some_and(RouteOptions::is_probe) {
            return;
        }
        // Measure a stream of responses only until its head.
        let duration = ended.open_ended.unwrap_or(ended.duration);
        method
            .duration(&self.metrics)
            .observe_with_exemplar(duration, ended.context.trace());
        if let Some(counter) = method.statuses.get(usize::from(ended.rpc.number())) {
            counter
                .get_or_init(|| method.counter(&self.metrics, ended.rpc))
                .increment();
        }
    }
}

impl MethodMetrics {
    fn new(template: &str) -> Self {
        let (service, method) = split(template);
        Self {
            service: service.into(),
            method: method.into(),
            running: AtomicU32::new(0),
            duration: OnceLock::new(),
            statuses: Default::default(),
        }
    }

    fn duration(&self, metrics: &Metrics) -> &Histogram {
        self.duration.get_or_init(|| {
            metrics.histogram(
                "grpc_request_duration_seconds",
                "Time from the head of a call to the last byte of its response, or to the head of a stream of responses.",
                DURATION_BUCKETS,
                &[("service", &self.service), ("method", &self.method)],
            )
        })
    }

    fn counter(&self, metrics: &Metrics, status: RpcStatus) -> Counter {
        metrics.counter(
            REQUESTS,
            REQUESTS_HELP,
            &[
                ("service", &self.service),
                ("method", &self.method),
                ("status", status.name()),
            ],
        )
    }
}

/// Returns service and method of a path such as `/orders.v1.Orders/Get`.
pub(super) fn split(template: &str) -> (&str, &str) {
    template
        .strip_prefix('/')
        .and_then(|path| path.split_once('/'))
        .unwrap_or((template, template))
}
