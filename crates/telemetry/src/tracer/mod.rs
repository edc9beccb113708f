//! Distributed traces (OBS-6): one decision at the edge, spans only where it was yes, export that never blocks (OBS-10).
//!
//! A span that is not recorded costs its identifiers and nothing else: no attributes are collected, nothing is allocated, no clock is read. The OpenTelemetry SDK
//! makes the whole span either way, so only its exporter is used: finished spans go through a bounded queue to one task that exports them in batches. A
//! collector that is slow or down fills the queue, and what finds no room is dropped and counted.

mod config;
mod export;
mod open;
mod span;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use opentelemetry_sdk::trace::SpanData;
use seaworthy_core::{Ratio, TraceContext};
use tokio::sync::mpsc;

pub use config::{InvalidEndpoint, TracingConfig};
pub(crate) use export::{Exporting, InvalidCollector};
pub(crate) use open::OpenSpan;
pub use span::{Attribute, SpanKind, SpanRecord};

/// Begins, samples and records spans. Cheap to clone.
#[derive(Clone)]
pub struct Tracer(Arc<Inner>);

struct Inner {
    /// A new trace is recorded where the lowest 56 bits of its identifier are below this.
    threshold: u64,
    queue: Option<mpsc::Sender<SpanData>>,
    dropped: AtomicU64,
}

/// The random bits that level 2 of Trace Context promises.
const RANDOM_BITS: u32 = 56;

impl Tracer {
    /// A tracer that passes traces on and records nothing.
    #[must_use]
    pub fn off() -> Self {
        Self::new(Ratio::ZERO, None)
    }

    pub(crate) fn new(ratio: Ratio, queue: Option<mpsc::Sender<SpanData>>) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of 2^56 lies between 0 and 2^56"
        )]
        let threshold = (ratio.get() * 2_f64.powi(56)) as u64;
        Self(Arc::new(Inner {
            threshold,
            queue,
            dropped: AtomicU64::new(0),
        }))
    }

    /// The span of a request that has arrived: under the caller's, with the caller's decision, or the first of a new trace with a decision of its own.
    #[must_use]
    pub fn begin(&self, caller: Option<&TraceContext>) -> TraceContext {
        match caller {
            Some(caller) => caller.child(),
            None => {
                let root = TraceContext::root(false);
                let sampled = self.decides(root.trace_id().get());
                root.with_sampled(sampled)
            }
        }
    }

    fn decides(&self, trace_id: u128) -> bool {
        let random = u64::try_from(trace_id & ((1 << RANDOM_BITS) - 1)).unwrap_or(u64::MAX);
        random < self.0.threshold
    }

    /// Whether spans of this trace go anywhere: ask before collecting what a span would say.
    #[must_use]
    pub fn is_recording(&self, context: &TraceContext) -> bool {
        context.is_sampled() && self.0.queue.is_some()
    }

    /// Records a span that has ended. Never waits.
    pub fn record(&self, span: SpanRecord) {
        if self.is_recording(&span.context) {
            self.enqueue(span.into_data());
        }
    }

    pub(crate) fn open(&self, parent: &TraceContext, name: &'static str) -> Option<OpenSpan> {
        self.is_recording(parent)
            .then(|| OpenSpan::new(parent.child(), name))
    }

    pub(crate) fn close(&self, span: OpenSpan) {
        self.record(span.end());
    }

    fn enqueue(&self, data: SpanData) {
        if let Some(queue) = &self.0.queue
            && queue.try_send(data).is_err()
        {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Spans that found no room, since the start.
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
