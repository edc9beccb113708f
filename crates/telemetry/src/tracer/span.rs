use std::{borrow::Cow, fmt, time::SystemTime};

use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId, Value,
    trace::{Event, SpanContext, Status, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use seaworthy_core::{SpanEvent, TraceContext};

use crate::redact::{MASK, Redactor};

/// The name of the instrumentation scope of all spans.
const SCOPE: &str = "seaworthy";

/// The role of a span in a call, as in OpenTelemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Handles a request.
    Server,
    /// Makes a call and waits for the response.
    Client,
    /// Publishes a message.
    Producer,
    /// Handles a message.
    Consumer,
    /// Work inside the service.
    Internal,
}

/// An attribute of a span, with a name of the OpenTelemetry semantic conventions. It is redacted
/// before the export.
#[derive(Clone, PartialEq)]
pub struct Attribute(KeyValue);

/// Prints the name only, because the value is not masked yet.
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

/// A finished span.
#[derive(Debug, Clone)]
pub struct SpanRecord {
    /// The trace ID, span ID and parent.
    pub context: TraceContext,
    /// A name of low cardinality: the template of a route, not a path.
    pub name: Cow<'static, str>,
    /// The role of the span.
    pub kind: SpanKind,
    /// The start time.
    pub start: SystemTime,
    /// The end time.
    pub end: SystemTime,
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// Whether the status of the span is an error.
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

/// Returns an event for the export.
pub(super) fn event(event: SpanEvent) -> Event {
    let attributes = event.attributes.into_iter();
    let attributes = attributes.map(|(name, value)| KeyValue::new(name, value));
    Event::new(event.name, event.at, attributes.collect(), 0)
}

/// Masks the attributes of a span and its events. Removes a caller's `tracestate` that has a match,
/// because the caller chose its content (OBS-3). It is still passed on to other services.
pub(super) fn mask(span: &mut SpanData, redactor: &Redactor) {
    let events = span.events.events.iter_mut();
    let of_events = events.flat_map(|event| &mut event.attributes);
    for attribute in span.attributes.iter_mut().chain(of_events) {
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
            Value::Bool(_) => redactor.is_sensitive_name(name),
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
