use std::{borrow::Cow, fmt, time::SystemTime};

use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId, Value,
    trace::{SpanContext, Status, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use seaworthy_core::TraceContext;

use crate::redact::{MASK, Redactor};

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
#[derive(Clone, PartialEq)]
pub struct Attribute(KeyValue);

/// Shows the name only, because the value is not masked yet.
impl fmt::Debug for Attribute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Attribute")
            .field(&self.0.key)
            .finish()
    }
}

impl Attribute {
    /// A text.
    #[must_use]
    pub fn text(name: &'static str, value: &str) -> Self {
        Self(KeyValue::new(name, value.to_owned()))
    }

    /// An integer.
    #[must_use]
    pub fn integer(name: &'static str, value: i64) -> Self {
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

/// Masks the attributes of a span. Removes a caller's `tracestate` that has a match, because the
/// caller chose its content (OBS-3). It is still passed on to other services.
pub(super) fn mask(span: &mut SpanData, redactor: &Redactor) {
    for attribute in &mut span.attributes {
        let name = attribute.key.as_str();
        let is_masked = match &attribute.value {
            Value::String(text) => {
                if !redactor.is_sensitive_name(name)
                    && let Cow::Owned(masked) = redactor.redact(text.as_str())
                {
                    attribute.value = masked.into();
                    continue;
                }
                redactor.is_sensitive_name(name)
            }
            Value::Bool(_) => false,
            number => redactor.is_masked_number(name, &number.to_string()),
        };
        if is_masked {
            attribute.value = MASK.into();
        }
    }
    let context = &span.span_context;
    let state = context.trace_state().header();
    if matches!(redactor.redact(&state), Cow::Owned(_)) {
        span.span_context = SpanContext::new(
            context.trace_id(),
            context.span_id(),
            context.trace_flags(),
            context.is_remote(),
            TraceState::NONE,
        );
    }
}
