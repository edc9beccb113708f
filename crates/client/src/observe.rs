use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Instant, SystemTime},
};

use http::{Method, StatusCode};
use seaworthy_core::TraceContext;
use seaworthy_telemetry::{
    metrics::{Counter, DURATION_BUCKETS, Family, Gauge, GaugeGuard, Histogram, Kind, Metrics},
    tracer::{Attribute, SpanKind, SpanRecord, Tracer},
};

use crate::ClientError;

/// Methods with their own time series. All others share `OTHER`.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];
const CALLS: &str = "http_client_requests_total";
const CALLS_HELP: &str = "Calls that have ended, by status of the response or reason of the error.";
const OTHER: &str = "OTHER";
/// Maximum number of outcomes per method.
const MAX_OUTCOMES: usize = 64;
/// The outcome of a call that its caller dropped before the response head.
const CANCELLED: &str = "CANCELLED";

/// The metrics of a client (OBS-5). Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ClientMetrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: Arc<str>,
    tracer: Tracer,
    in_flight: Gauge,
    methods: Vec<MethodMetrics>,
}

#[derive(Debug)]
struct MethodMetrics {
    label: &'static str,
    method: Option<Method>,
    duration: Histogram,
    outcomes: Family<Counter>,
}

impl ClientMetrics {
    pub(crate) fn new(name: &Arc<str>, metrics: &Metrics, tracer: Tracer) -> Self {
        let names = ["client", "method", "outcome"];
        metrics.declare(Kind::Counter, CALLS, CALLS_HELP, &names);
        let labels = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let named = METHODS.into_iter().map(Some).zip(labels);
        let methods = named.chain([(None, OTHER)]).map(|(method, label)| {
            let (all, client) = (metrics.clone(), Arc::clone(name));
            MethodMetrics {
                label,
                method,
                duration: metrics.histogram(
                    "http_client_request_duration_seconds",
                    "Time of a call with all attempts and redirects, until the last byte of its response.",
                    DURATION_BUCKETS,
                    &[("client", name), ("method", label)],
                ),
                outcomes: Family::new(MAX_OUTCOMES, move |outcome| {
                    all.counter(
                        CALLS,
                        CALLS_HELP,
                        &[("client", &client), ("method", label), ("outcome", outcome)],
                    )
                }),
            }
        });
        Self(Arc::new(Inner {
            methods: methods.collect(),
            in_flight: metrics.gauge(
                "http_client_requests_in_flight",
                "Calls whose response is not complete.",
                &[("client", name)],
            ),
            name: Arc::clone(name),
            tracer,
        }))
    }

    pub(crate) fn tracer(&self) -> &Tracer {
        &self.0.tracer
    }

    pub(crate) fn begin(
        &self,
        method: &Method,
        host: &Arc<str>,
        trace: TraceContext,
    ) -> CallRecord {
        CallRecord {
            _in_flight: self.0.in_flight.guard(),
            metrics: Arc::clone(&self.0),
            method: self.0.index(method),
            host: Arc::clone(host),
            trace,
            attempts: Arc::new(AtomicU32::new(0)),
            began: Instant::now(),
            status: None,
            error: None,
        }
    }
}

impl Inner {
    fn index(&self, method: &Method) -> usize {
        let known = |known: &MethodMetrics| known.method.as_ref() == Some(method);
        let last = self.methods.len().saturating_sub(1);
        self.methods.iter().position(known).unwrap_or(last)
    }
}

/// A call in progress. Dropping it records one duration, one outcome and one span.
#[derive(Debug)]
pub(crate) struct CallRecord {
    _in_flight: GaugeGuard,
    metrics: Arc<Inner>,
    method: usize,
    host: Arc<str>,
    trace: TraceContext,
    attempts: Arc<AtomicU32>,
    began: Instant,
    status: Option<StatusCode>,
    error: Option<&'static str>,
}

impl CallRecord {
    pub(crate) fn trace(&self) -> &TraceContext {
        &self.trace
    }

    /// Returns the counter of attempts.
    pub(crate) fn attempts(&self) -> &Arc<AtomicU32> {
        &self.attempts
    }

    pub(crate) fn record_status(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    pub(crate) fn record_failure(mut self, error: &ClientError) {
        self.error = Some(error.reason());
    }

    fn span(&self, label: &str) -> SpanRecord {
        let end = SystemTime::now();
        let mut attributes = vec![
            Attribute::text("http.request.method", label),
            Attribute::text("server.address", &self.host),
            Attribute::text("peer.service", &self.metrics.name),
        ];
        if let Some(status) = self.status {
            let status = i64::from(status.as_u16());
            attributes.push(Attribute::integer("http.response.status_code", status));
        }
        let again = self.attempts.load(Ordering::Relaxed).saturating_sub(1);
        if again > 0 {
            attributes.push(Attribute::integer(
                "http.request.resend_count",
                i64::from(again),
            ));
        }
        if let Some(error) = self.error {
            attributes.push(Attribute::text("error.type", error));
        }
        SpanRecord {
            context: self.trace.clone(),
            name: format!("{label} {}", self.metrics.name).into(),
            kind: SpanKind::Client,
            start: end.checked_sub(self.began.elapsed()).unwrap_or(end),
            end,
            attributes,
            failed: self.error.is_some()
                || self
                    .status
                    .is_some_and(|status| status.is_client_error() || status.is_server_error()),
        }
    }
}

impl Drop for CallRecord {
    fn drop(&mut self) {
        let Some(method) = self.metrics.methods.get(self.method) else {
            return;
        };
        let duration = self.began.elapsed();
        method.duration.observe_with_exemplar(duration, &self.trace);
        let outcome = match (self.error, &self.status) {
            (Some(error), _) => error,
            (None, Some(status)) => status.as_str(),
            (None, None) => CANCELLED,
        };
        method.outcomes.get_or_create(outcome).increment();
        if self.metrics.tracer.is_recording(&self.trace) {
            self.metrics.tracer.record(self.span(method.label));
        }
    }
}
