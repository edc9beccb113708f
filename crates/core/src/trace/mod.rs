//! W3C Trace Context (levels 1 and 2) and Baggage, independent of the transport.
//!
//! ```
//! use seaworthy_core::TraceContext;
//!
//! let header = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
//! let caller = TraceContext::extract([&header[..]], [&b"vendor=opaque"[..]], []).unwrap();
//! let span = caller.child();
//! assert_eq!(span.trace_id(), caller.trace_id());
//! assert_eq!(span.tracestate(), Some("vendor=opaque"));
//! ```

mod baggage;
mod hexadecimal;
mod id;
mod traceparent;
mod tracestate;

use std::sync::Arc;

pub use id::{SpanId, TraceId};
pub use traceparent::Traceparent;

/// The identity of a span, which services propagate. Cheap to clone.
///
/// ```
/// use seaworthy_core::TraceContext;
///
/// let caller = TraceContext::root(true);
/// let call = caller.child();
/// assert_eq!(call.trace_id(), caller.trace_id());
/// assert_eq!(call.parent_id(), Some(caller.span_id()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: TraceId,
    span_id: SpanId,
    parent_id: Option<SpanId>,
    sampled: bool,
    random: bool,
    propagated: Option<Arc<Propagated>>,
}

/// The parts that this service propagates unchanged.
#[derive(Debug, PartialEq, Eq)]
struct Propagated {
    tracestate: String,
    baggage: String,
}

impl TraceContext {
    /// Creates the root span of a new trace.
    #[must_use]
    pub fn root(sampled: bool) -> Self {
        Self {
            trace_id: TraceId::generate(),
            span_id: SpanId::generate(),
            parent_id: None,
            sampled,
            random: true,
            propagated: None,
        }
    }

    /// Creates a child span.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            span_id: SpanId::generate(),
            parent_id: Some(self.span_id),
            ..self.clone()
        }
    }

    /// Reads the caller's span from the values of all `traceparent`, `tracestate` and `baggage`
    /// headers, in their order.
    ///
    /// Returns `None` unless there is exactly one valid `traceparent`. The service then starts a
    /// new trace and adds the baggage with [`with_baggage`](Self::with_baggage). An invalid
    /// `tracestate` is dropped as a whole. Of a key that occurs twice, the first member is kept. Of
    /// `baggage`, only the invalid members are dropped.
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
        let propagated = (tracestate.is_some() || baggage.is_some()).then(|| {
            Arc::new(Propagated {
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
            propagated,
        })
    }

    /// Replaces the baggage by that of these `baggage` headers.
    #[must_use]
    pub fn with_baggage<'a>(mut self, baggage: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let tracestate = self.tracestate().unwrap_or_default().to_owned();
        let baggage = baggage::combine(baggage).unwrap_or_default();
        self.propagated = Some(Arc::new(Propagated {
            tracestate,
            baggage,
        }));
        self
    }

    /// Replaces the sampling decision.
    #[must_use]
    pub fn with_sampled(mut self, sampled: bool) -> Self {
        self.sampled = sampled;
        self
    }

    /// Returns the `traceparent` header.
    #[must_use]
    pub fn traceparent(&self) -> Traceparent {
        Traceparent {
            trace_id: self.trace_id,
            span_id: self.span_id,
            sampled: self.sampled,
            random: self.random,
        }
    }

    /// Returns the `tracestate` header.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.propagated
            .as_deref()
            .map(|propagated| propagated.tracestate.as_str())
            .filter(|text| !text.is_empty())
    }

    /// Returns the `baggage` header.
    #[must_use]
    pub fn baggage(&self) -> Option<&str> {
        self.propagated
            .as_deref()
            .map(|propagated| propagated.baggage.as_str())
            .filter(|text| !text.is_empty())
    }

    /// Returns one decoded value of the baggage. Callers set baggage, so do not use it for
    /// authorization.
    #[must_use]
    pub fn baggage_value(&self, key: &str) -> Option<String> {
        baggage::value(self.baggage()?, key)
    }

    /// Returns the trace identifier.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// Returns the identifier of this span.
    #[must_use]
    pub fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// Returns the identifier of the parent span, unless this is the root.
    #[must_use]
    pub fn parent_id(&self) -> Option<SpanId> {
        self.parent_id
    }

    /// Returns whether spans of this trace are recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }
}

#[cfg(test)]
mod tests;
