use std::{fmt, sync::Arc};

use parking_lot::RwLock;

use crate::{
    metrics::{Counter, Metrics},
    redact::Redactor,
};

/// A caught panic, for an external error tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorReport {
    /// The route, task or consumer that panicked.
    pub source: String,
    /// The panic message, redacted.
    pub message: String,
    /// The ID of the request, if the panic happened during one.
    pub request_id: Option<String>,
}

/// Receives error reports, for example to send them to an error tracker.
pub trait ErrorSink: Send + Sync {
    /// Receives one report. Must not block.
    fn report(&self, report: &ErrorReport);
}

/// Records panics and forwards them to error sinks (OBS-8). Cheap to clone.
#[derive(Clone)]
pub struct ErrorReports(Arc<Inner>);

struct Inner {
    panics: Counter,
    redactor: Redactor,
    sinks: RwLock<Vec<Arc<dyn ErrorSink>>>,
}

impl ErrorReports {
    pub(crate) fn new(metrics: &Metrics, redactor: Redactor) -> Self {
        let panics = metrics.counter("panics_total", "Panics that were caught.", &[]);
        Self(Arc::new(Inner {
            panics,
            redactor,
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
        self.0
            .sinks
            .read()
            .iter()
            .for_each(|sink| sink.report(&report));
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
