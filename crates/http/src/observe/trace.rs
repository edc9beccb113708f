use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue};
use seaworthy_core::TraceContext;
use seaworthy_telemetry::tracer::{Attribute, SpanKind, SpanRecord, Tracer};

use crate::routes::{MethodLabel, UNMATCHED};

use super::{Ended, rpc_metrics::split};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// Returns the trace context of a request. It continues that of the caller if the headers have one.
pub(super) fn begin(tracer: &Tracer, headers: &HeaderMap) -> TraceContext {
    let lines = |name: HeaderName| headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
    let caller = headers
        .contains_key(TRACEPARENT)
        .then(|| TraceContext::extract(lines(TRACEPARENT), lines(TRACESTATE), lines(BAGGAGE)))
        .flatten();
    let trace = tracer.start_span(caller.as_ref());
    if caller.is_none() && headers.contains_key(BAGGAGE) {
        return trace.with_baggage(lines(BAGGAGE));
    }
    trace
}

/// Adds the trace context to the response.
pub(crate) fn apply(trace: &TraceContext, headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_bytes(&trace.traceparent().to_bytes()) {
        headers.insert(TRACEPARENT, value);
    }
}

/// Creates the span of an ended gRPC call with OpenTelemetry's attributes for RPC servers.
pub(super) fn call_span(ended: &Ended<'_>) -> SpanRecord {
    let end = SystemTime::now();
    let (service, method) = split(ended.template);
    let mut attributes = vec![
        Attribute::text("rpc.system", "grpc"),
        Attribute::text("rpc.service", service),
        Attribute::text("rpc.method", method),
        Attribute::integer("rpc.grpc.status_code", i64::from(ended.rpc.number())),
        Attribute::text("request.id", ended.context.request_id().as_str()),
    ];
    attributes.extend(caller_and_failure(ended));
    SpanRecord {
        context: ended.context.trace().clone(),
        name: format!("{service}/{method}").into(),
        kind: SpanKind::Server,
        start: end.checked_sub(ended.duration).unwrap_or(end),
        end,
        attributes,
        failed: ended.rpc.is_server_fault(),
    }
}

/// Returns the attributes of the caller and of the error, if the request has them.
fn caller_and_failure(ended: &Ended<'_>) -> impl Iterator<Item = Attribute> {
    let actor = ended.context.actor();
    let actor = actor.map(|actor| Attribute::text("enduser.id", actor.as_str()));
    let failure = ended.failure;
    let failure = failure.map(|failure| Attribute::text("error.type", failure.reason()));
    actor.into_iter().chain(failure)
}

/// Creates the span of an ended request with OpenTelemetry's attributes for HTTP servers.
pub(super) fn span(ended: &Ended<'_>) -> SpanRecord {
    let end = SystemTime::now();
    // OpenTelemetry's value for an unknown method.
    let method = match ended.method {
        MethodLabel::Other => "_OTHER",
        known => known.as_str(),
    };
    let mut attributes = vec![
        Attribute::text("http.request.method", method),
        Attribute::text("url.path", &ended.logged_path),
        Attribute::integer("http.response.status_code", i64::from(ended.status)),
        Attribute::text("request.id", ended.context.request_id().as_str()),
    ];
    if ended.template != UNMATCHED {
        attributes.push(Attribute::text("http.route", ended.template));
    }
    if let Some(agent) = ended.context.user_agent() {
        attributes.push(Attribute::text("user_agent.original", agent));
    }
    attributes.extend(caller_and_failure(ended));
    SpanRecord {
        context: ended.context.trace().clone(),
        name: match ended.template {
            UNMATCHED => method.into(),
            template => format!("{method} {template}").into(),
        },
        kind: SpanKind::Server,
        start: end.checked_sub(ended.duration).unwrap_or(end),
        end,
        attributes,
        failed: ended.status >= 500,
    }
}
