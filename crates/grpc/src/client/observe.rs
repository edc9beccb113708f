use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Instant, SystemTime},
};

use seaworthy_core::TraceContext;
use seaworthy_telemetry::{
    metrics::{Counter, DURATION_BUCKETS, Family, Gauge, GaugeGuard, Histogram, Kind, Metrics},
    tracer::{Attribute, SpanKind, SpanRecord, Tracer},
};
use tonic::Code;

const CALLS: &str = "grpc_client_requests_total";
const CALLS_HELP: &str = "Completed calls by status.";
/// Maximum number of codes as label values, more than gRPC has.
const MAX_CODES: usize = 20;

/// The metrics of a client (OBS-5). Cheap to clone.
#[derive(Clone)]
pub(super) struct ClientMetrics(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    tracer: Tracer,
    in_flight: Gauge,
    duration: Histogram,
    codes: Family<Counter>,
}

impl ClientMetrics {
    pub(super) fn new(name: &Arc<str>, metrics: &Metrics, tracer: Tracer) -> Self {
        metrics.declare(Kind::Counter, CALLS, CALLS_HELP, &["client", "status"]);
        let (all, client) = (metrics.clone(), Arc::clone(name));
        Self(Arc::new(Inner {
            in_flight: metrics.gauge(
                "grpc_client_requests_in_flight",
                "Calls whose response is not complete.",
                &[("client", name)],
            ),
            duration: metrics.histogram(
                "grpc_client_request_duration_seconds",
                "Time from a call to the end of its response, with all attempts.",
                DURATION_BUCKETS,
                &[("client", name)],
            ),
            codes: Family::new(MAX_CODES, move |status| {
                all.counter(
                    CALLS,
                    CALLS_HELP,
                    &[("client", &client), ("status", status)],
                )
            }),
            name: Arc::clone(name),
            tracer,
        }))
    }

    /// Begins the record of a call, in the trace of the current request.
    pub(super) fn begin(&self, path: &str, parent: Option<&TraceContext>) -> CallRecord {
        CallRecord {
            _in_flight: self.0.in_flight.guard(),
            trace: self.0.tracer.start_span(parent),
            metrics: Arc::clone(&self.0),
            path: path.to_owned(),
            attempts: Arc::default(),
            begun: Instant::now(),
            code: Code::Cancelled,
        }
    }
}

/// The attempts of a call.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    count: AtomicU32,
    is_refused: AtomicBool,
}

impl Attempts {
    /// Counts an attempt.
    pub(crate) fn begin(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Records whether the last attempt found only addresses that refuse connections.
    pub(crate) fn set_refused(&self, is_refused: bool) {
        self.is_refused.store(is_refused, Ordering::Relaxed);
    }

    /// Returns whether the last attempt found only addresses that refuse connections.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }
}

/// The record of a running call. Dropping it ends the call: one duration, one status, one span.
pub(super) struct CallRecord {
    _in_flight: GaugeGuard,
    metrics: Arc<Inner>,
    trace: TraceContext,
    path: String,
    attempts: Arc<Attempts>,
    begun: Instant,
    code: Code,
}

impl CallRecord {
    pub(super) fn trace(&self) -> &TraceContext {
        &self.trace
    }

    pub(super) fn attempts(&self) -> &Arc<Attempts> {
        &self.attempts
    }

    pub(super) fn finish(mut self, code: Code) {
        self.code = code;
    }

    fn span(&self, status: &str) -> SpanRecord {
        let end = SystemTime::now();
        let name = self.path.trim_start_matches('/');
        let (service, method) = name.split_once('/').unwrap_or((name, ""));
        let mut attributes = vec![
            Attribute::text("rpc.system", "grpc"),
            Attribute::text("rpc.service", service),
            Attribute::text("rpc.method", method),
            Attribute::text("peer.service", &self.metrics.name),
            Attribute::integer("rpc.grpc.status_code", i64::from(i32::from(self.code))),
        ];
        let again = self
            .attempts
            .count
            .load(Ordering::Relaxed)
            .saturating_sub(1);
        if again > 0 {
            attributes.push(Attribute::integer("rpc.resend_count", i64::from(again)));
        }
        let failed = self.code != Code::Ok;
        if failed {
            attributes.push(Attribute::text("error.type", status));
        }
        SpanRecord {
            context: self.trace.clone(),
            name: name.to_owned().into(),
            kind: SpanKind::Client,
            start: end.checked_sub(self.begun.elapsed()).unwrap_or(end),
            end,
            attributes,
            failed,
        }
    }
}

impl Drop for CallRecord {
    fn drop(&mut self) {
        let metrics = &self.metrics;
        metrics
            .duration
            .observe_with_exemplar(self.begun.elapsed(), &self.trace);
        let status = name_of(self.code);
        metrics.codes.get_or_create(status).increment();
        if metrics.tracer.is_recording(&self.trace) {
            metrics.tracer.record(self.span(status));
        }
    }
}

const fn name_of(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
