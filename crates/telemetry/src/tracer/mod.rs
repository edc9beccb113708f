//! Distributed tracing (OBS-6): parent-based sampling and an export that never blocks (OBS-10).
//!
//! A span that is not sampled costs only its IDs: no attributes, no allocation, no clock. The
//! OpenTelemetry SDK builds the whole span in both cases, so only its exporter is used. Finished
//! spans go through a bounded queue to one task that exports them in batches. If the collector is
//! slow or down, spans that do not fit into the queue are dropped and counted.

mod config;
mod export;
mod open_span;
mod span;

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use opentelemetry_sdk::trace::SpanData;
use seaworthy_core::{Ratio, SpanEvent, Switch, TraceContext};
use tokio::sync::mpsc;

pub use config::{InvalidEndpoint, TracingConfig};
pub(crate) use export::{Exporter, ExporterError};
pub(crate) use open_span::OpenSpan;
pub use span::{Attribute, SpanKind, SpanRecord};

/// Starts, samples and records spans. Cheap to clone.
#[derive(Clone)]
pub struct Tracer(Arc<Inner>);

struct Inner {
    /// A new trace is sampled if the random bits of its ID are below this value.
    threshold: u64,
    /// The switch of sampling. While it is off, no new trace is sampled.
    sampling: OnceLock<Switch>,
    queue: Option<mpsc::Sender<SpanData>>,
    dropped: AtomicU64,
}

/// The lowest bits of a trace ID, which are random (W3C Trace Context Level 2).
const RANDOM_BITS: u32 = 56;

impl Tracer {
    /// Creates a tracer that passes trace contexts on and records no spans.
    #[must_use]
    pub fn disabled() -> Self {
        Self::new(Ratio::ZERO, None)
    }

    pub(crate) fn new(sample_ratio: Ratio, queue: Option<mpsc::Sender<SpanData>>) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the product is between 0 and 2^56"
        )]
        let threshold = (sample_ratio.get() * 2_f64.powi(56)) as u64;
        Self(Arc::new(Inner {
            threshold,
            sampling: OnceLock::new(),
            queue,
            dropped: AtomicU64::new(0),
        }))
    }

    /// Starts the span of a request: a child of the caller's span with the caller's sampling
    /// decision, or the root span of a new trace.
    #[must_use]
    pub fn start_span(&self, caller: Option<&TraceContext>) -> TraceContext {
        match caller {
            Some(caller) => caller.child(),
            None => {
                let root = TraceContext::root(false);
                let sampled = self.is_sampled(root.trace_id().get());
                root.with_sampled(sampled)
            }
        }
    }

    /// Sets the switch that turns the sampling of new traces off. A later call has no effect.
    pub fn set_switch(&self, sampling: Switch) {
        let _ = self.0.sampling.set(sampling);
    }

    fn is_sampled(&self, trace_id: u128) -> bool {
        if self
            .0
            .sampling
            .get()
            .is_some_and(|sampling| !sampling.is_on())
        {
            return false;
        }
        let random = u64::try_from(trace_id & ((1 << RANDOM_BITS) - 1)).unwrap_or(u64::MAX);
        random < self.0.threshold
    }

    /// Whether spans of this trace are exported. Check it before you collect attributes.
    #[must_use]
    pub fn is_recording(&self, context: &TraceContext) -> bool {
        context.is_sampled() && self.0.queue.is_some()
    }

    /// Records a finished span. Never blocks.
    pub fn record(&self, span: SpanRecord) {
        if self.is_recording(&span.context) {
            self.enqueue(span.into_data());
        }
    }

    /// Records the finished span of a request, with its events. Never blocks.
    pub fn record_request(&self, span: SpanRecord, events: Vec<SpanEvent>) {
        if self.is_recording(&span.context) {
            let mut data = span.into_data();
            data.events.events = events.into_iter().map(span::event).collect();
            self.enqueue(data);
        }
    }

    pub(crate) fn open(&self, parent: &TraceContext, name: &'static str) -> Option<OpenSpan> {
        self.is_recording(parent)
            .then(|| OpenSpan::new(parent.child(), name))
    }

    pub(crate) fn close(&self, span: OpenSpan) {
        self.record(span.finish());
    }

    fn enqueue(&self, data: SpanData) {
        if let Some(queue) = &self.0.queue
            && queue.try_send(data).is_err()
        {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Spans dropped since the start because the queue was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tracer")
            .field("exports", &self.0.queue.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
