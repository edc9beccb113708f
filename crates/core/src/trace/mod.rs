//! The place of a request in a distributed trace: W3C Trace Context (levels 1 and 2) and Baggage, to the letter and independent of any transport.
//!
//! ```
//! use seaworthy_core::TraceContext;
//!
//! let header = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
//! let caller = TraceContext::extract([&header[..]], [&b"vendor=opaque"[..]], []).unwrap();
//! let ours = caller.child();
//! assert_eq!(ours.trace_id(), caller.trace_id());
//! assert_eq!(ours.tracestate(), Some("vendor=opaque"));
//! ```

mod baggage;
mod hexadecimal;
mod id;
mod traceparent;
mod tracestate;

use std::sync::Arc;

pub use id::{SpanId, TraceId};
pub use traceparent::Traceparent;

/// One span's identity as it travels between services. Small, and cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: TraceId,
    span_id: SpanId,
    parent_id: Option<SpanId>,
    sampled: bool,
    random: bool,
    carried: Option<Arc<Carried>>,
}

/// What others put in and this service only passes on.
#[derive(Debug, PartialEq, Eq)]
struct Carried {
    tracestate: String,
    baggage: String,
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
            random: true,
            carried: None,
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

    /// The caller's span, from the values of all its `traceparent`, `tracestate` and `baggage` headers in their order.
    ///
    /// `None` where there is not exactly one valid `traceparent`: then a new trace begins, `tracestate` means nothing, and the baggage is given to it by
    /// [`with_baggage`](Self::with_baggage). An invalid `tracestate` is dropped as a whole and the trace goes on without it; of `baggage` only the invalid members are dropped.
    #[must_use]
    pub fn extract<'a>(
        traceparent: impl IntoIterator<Item = &'a [u8]>,
        tracestate: impl IntoIterator<Item = &'a [u8]>,
        baggage: impl IntoIterator<Item = &'a [u8]>,
    ) -> Option<Self> {
        let mut traceparent = traceparent.into_iter();
        let parsed = Traceparent::parse(traceparent.next()?)?;
        if traceparent.next().is_some() {
            return None;
        }
        let tracestate = tracestate::combine(tracestate);
        let baggage = baggage::combine(baggage);
        let carried = (tracestate.is_some() || baggage.is_some()).then(|| {
            Arc::new(Carried {
                tracestate: tracestate.unwrap_or_default(),
                baggage: baggage.unwrap_or_default(),
            })
        });
        Some(Self {
            trace_id: parsed.trace_id,
            span_id: parsed.span_id,
            parent_id: None,
            sampled: parsed.sampled,
            random: parsed.random,
            carried,
        })
    }

    /// The same place with the baggage of these `baggage` headers, which travels whether or not there is a trace.
    #[must_use]
    pub fn with_baggage<'a>(mut self, baggage: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let tracestate = self.tracestate().unwrap_or_default().to_owned();
        let baggage = baggage::combine(baggage).unwrap_or_default();
        self.carried = Some(Arc::new(Carried {
            tracestate,
            baggage,
        }));
        self
    }

    /// The same place with another decision about recording.
    #[must_use]
    pub fn with_sampled(mut self, sampled: bool) -> Self {
        self.sampled = sampled;
        self
    }

    /// What to send as `traceparent`.
    #[must_use]
    pub fn traceparent(&self) -> Traceparent {
        Traceparent {
            trace_id: self.trace_id,
            span_id: self.span_id,
            sampled: self.sampled,
            random: self.random,
        }
    }

    /// What to send as `tracestate`.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.carried
            .as_deref()
            .map(|carried| carried.tracestate.as_str())
            .filter(|text| !text.is_empty())
    }

    /// What to send as `baggage`.
    #[must_use]
    pub fn baggage(&self) -> Option<&str> {
        self.carried
            .as_deref()
            .map(|carried| carried.baggage.as_str())
            .filter(|text| !text.is_empty())
    }

    /// One value of the baggage, decoded. Baggage comes from callers: never trust it for a decision about access.
    #[must_use]
    pub fn baggage_value(&self, key: &str) -> Option<String> {
        baggage::value(self.baggage()?, key)
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

#[cfg(test)]
mod tests;
