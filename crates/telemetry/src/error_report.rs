use std::{fmt, sync::Arc};

use parking_lot::RwLock;

use crate::{
    metrics::{Counter, Metrics},
    redact::Redactor,
};

/// A fault that a person should look at: a panic, or an error that no code expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorReport {
    /// Where it happened: a route, a task, a consumer.
    pub place: String,
    /// What happened, masked.
    pub message: String,
    /// The request in which it happened.
    pub request_id: Option<String>,
}

/// Takes reports, for example to a service that collects crashes. Must not block.
pub trait ErrorSink: Send + Sync {
    /// Takes one report.
    fn report(&self, report: &ErrorReport);
}

/// Where panics and unexpected errors go (OBS-8). Cheap to clone.
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

    /// Adds somewhere for reports to go, besides the log.
    pub fn add_sink(&self, sink: Arc<dyn ErrorSink>) {
        self.0.sinks.write().push(sink);
    }

    /// Counts, logs and passes on a panic that was caught.
    pub fn panicked(&self, place: &str, message: &str) {
        self.0.panics.increment();
        let report = ErrorReport {
            place: place.to_owned(),
            message: self.0.redactor.redact(message).into_owned(),
            request_id: seaworthy_core::context::with_current(|context| {
                context.map(|context| {
                    let id = context.request_id().as_str();
                    self.0.redactor.redact(id).into_owned()
                })
            }),
        };
        tracing::error!(place, panic = message, "a panic was caught");
        self.0
            .sinks
            .read()
            .iter()
            .for_each(|sink| sink.report(&report));
    }

    /// Panics caught since the start.
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
