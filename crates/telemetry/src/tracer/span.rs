use std::{borrow::Cow, time::SystemTime};

use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, Status, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use seaworthy_core::TraceContext;

use crate::redact::{MASK, is_masked_number, is_sensitive_name, redact};

/// The name under which spans say who made them.
const SCOPE: &str = "seaworthy";

/// Which side of a call a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Answers a request.
    Server,
    /// Makes a call and waits.
    Client,
    /// Hands a message over.
    Producer,
    /// Works on a message.
    Consumer,
    /// Work inside the service.
    Internal,
}

/// Something that a span says about itself, under the standard names of OpenTelemetry. Texts are masked by name and by shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute(KeyValue);

impl Attribute {
    /// A text.
    #[must_use]
    pub fn text(name: &'static str, value: &str) -> Self {
        let value = if is_sensitive_name(name) {
            MASK.to_owned()
        } else {
            redact(value).into_owned()
        };
        Self(KeyValue::new(name, value))
    }

    /// Adds an integer. It becomes a masked text if its name or digits are those of a secret or of
    /// personal data.
    #[must_use]
    pub fn integer(name: &'static str, value: i64) -> Self {
        if is_masked_number(name, &value.to_string()) {
            return Self(KeyValue::new(name, MASK));
        }
        Self(KeyValue::new(name, value))
    }
}

/// A span that has ended.
#[derive(Debug, Clone)]
pub struct SpanRecord {
    /// Its place in the trace.
    pub context: TraceContext,
    /// Its name, of few different values: a route's template, never a path.
    pub name: Cow<'static, str>,
    /// Which side of a call it is.
    pub kind: SpanKind,
    /// When it began.
    pub start: SystemTime,
    /// When it ended.
    pub end: SystemTime,
    /// What else it says.
    pub attributes: Vec<Attribute>,
    /// Whether it failed by a fault of this side.
    pub failed: bool,
}

impl SpanRecord {
    pub(super) fn into_data(self) -> SpanData {
        let Self {
            context,
            name,
            kind,
            start,
            end,
            attributes,
            failed,
        } = self;
        let span_id =
            |id: seaworthy_core::trace::SpanId| SpanId::from_bytes(id.get().to_be_bytes());
        let trace_id = TraceId::from_bytes(context.trace_id().get().to_be_bytes());
        SpanData {
            span_context: SpanContext::new(
                trace_id,
                span_id(context.span_id()),
                TraceFlags::new(context.traceparent().flags()),
                false,
                context
                    .tracestate()
                    // A caller's own text: what is of a person or a secret in it is for those whom the request goes on to, and not for a collector (OBS-3).
                    .filter(|state| redact(state) == **state)
                    .and_then(|state| state.parse().ok())
                    .unwrap_or(TraceState::NONE),
            ),
            parent_span_id: context.parent_id().map_or(SpanId::INVALID, span_id),
            parent_span_is_remote: context.parent_id().is_some()
                && (kind == SpanKind::Server || kind == SpanKind::Consumer),
            span_kind: match kind {
                SpanKind::Server => opentelemetry::trace::SpanKind::Server,
                SpanKind::Client => opentelemetry::trace::SpanKind::Client,
                SpanKind::Producer => opentelemetry::trace::SpanKind::Producer,
                SpanKind::Consumer => opentelemetry::trace::SpanKind::Consumer,
                SpanKind::Internal => opentelemetry::trace::SpanKind::Internal,
            },
            name,
            start_time: start,
            end_time: end,
            attributes: attributes
                .into_iter()
                .map(|Attribute(attribute)| attribute)
                .collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: if failed {
                Status::error("")
            } else {
                Status::Unset
            },
            instrumentation_scope: InstrumentationScope::builder(SCOPE).build(),
        }
    }
}
