use std::{
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use parking_lot::RwLock;

use crate::{
    logs::{Decision, LogRateLimitConfig, RateLimiter},
    metrics::{Counter, Metrics},
    redact::Redactor,
};

/// A caught panic or another failure, for an external error tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorReport {
    /// Whether it is a panic.
    pub kind: ErrorKind,
    /// The route, task, worker or consumer that failed.
    pub source: String,
    /// The panic message, or the error with its causes, redacted.
    pub message: String,
    /// The ID of the request, if the failure happened during one.
    pub request_id: Option<String>,
}

/// The kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A caught panic.
    Panic,
    /// A 5xx response with a cause, or a failed run of a worker.
    Error,
}

impl ErrorKind {
    /// Returns the name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Error => "error",
        }
    }
}

/// Receives error reports, for example to send them to an error tracker.
pub trait ErrorSink: Send + Sync {
    /// Receives one report. Must not block.
    fn report(&self, report: &ErrorReport);
}

/// Records panics, and forwards them and other failures to error sinks (OBS-8). Cheap to clone.
#[derive(Clone)]
pub struct ErrorReports(Arc<Inner>);

struct Inner {
    panics: Counter,
    redactor: Redactor,
    rate_limiter: RateLimiter,
    sinks: RwLock<Vec<Arc<dyn ErrorSink>>>,
}

impl ErrorReports {
    pub(crate) fn new(
        metrics: &Metrics,
        redactor: Redactor,
        rate_limit: &LogRateLimitConfig,
    ) -> Self {
        let panics = metrics.counter("panics_total", "Panics that were caught.", &[]);
        Self(Arc::new(Inner {
            panics,
            redactor,
            rate_limiter: RateLimiter::new(rate_limit),
            sinks: RwLock::default(),
        }))
    }

    /// Adds a sink that receives every report, in addition to the log.
    pub fn add_sink(&self, sink: Arc<dyn ErrorSink>) {
        self.0.sinks.write().push(sink);
    }

    /// Counts and logs a caught panic, and forwards it to the sinks. `source` is the route, task or
    /// consumer that panicked.
    pub fn record_panic(&self, source: &str, message: &str) {
        self.0.panics.increment();
        let report = ErrorReport {
            kind: ErrorKind::Panic,
            source: source.to_owned(),
            message: self.0.redactor.redact(message).into_owned(),
            request_id: seaworthy_core::context::with_current(|context| {
                context.map(|context| {
                    let id = context.request_id().as_str();
                    self.0.redactor.redact(id).into_owned()
                })
            }),
        };
        tracing::error!(source, panic = message, "a panic was caught");
        self.send(&report);
    }

    /// Forwards a failure that is in the log to the sinks. The reports per second of each source
    /// are limited as log lines of one callsite are. `source` is the route or worker.
    pub fn record_error(&self, source: &str, message: &str, request_id: Option<&str>) {
        if self.0.sinks.read().is_empty() || self.is_suppressed(source) {
            return;
        }
        let redact = |text: &str| self.0.redactor.redact(text).into_owned();
        self.send(&ErrorReport {
            kind: ErrorKind::Error,
            source: source.to_owned(),
            message: redact(message),
            request_id: request_id.map(redact),
        });
    }

    fn is_suppressed(&self, source: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        source.hash(&mut hasher);
        // In the limiter, zero marks a free slot, so a key is never zero.
        let key = usize::try_from(hasher.finish() >> 32)
            .unwrap_or_default()
            .max(1);
        self.0.rate_limiter.check(key) == Decision::Suppress
    }

    fn send(&self, report: &ErrorReport) {
        let sinks = self.0.sinks.read();
        sinks.iter().for_each(|sink| sink.report(report));
    }

    /// The number of panics since the start.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.0.panics.get()
    }
}

impl fmt::Debug for ErrorReports {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ErrorReports")
            .field("panics", &self.panics())
            .finish_non_exhaustive()
    }
}
