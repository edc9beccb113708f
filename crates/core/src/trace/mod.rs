//! The place of a request in a distributed trace: W3C Trace Context (levels 1 and 2) and Baggage, independent of any transport.

mod id;

pub use id::{SpanId, TraceId};

/// One span's identity as it travels between services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: TraceId,
    span_id: SpanId,
    parent_id: Option<SpanId>,
    sampled: bool,
}

impl TraceContext {
    /// The first span of a new trace.
    #[must_use]
    pub fn root(sampled: bool) -> Self {
        Self {
            trace_id: TraceId::generate(),
            span_id: SpanId::generate(),
            parent_id: None,
            sampled,
        }
    }

    /// A new span under this one.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            span_id: SpanId::generate(),
            parent_id: Some(self.span_id),
            ..self.clone()
        }
    }

    /// The trace that all spans of a request share.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// This span.
    #[must_use]
    pub fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// The span above, unless this is the root.
    #[must_use]
    pub fn parent_id(&self) -> Option<SpanId> {
        self.parent_id
    }

    /// Whether spans of this trace are recorded.
    #[must_use]
    pub fn sampled(&self) -> bool {
        self.sampled
    }
}
