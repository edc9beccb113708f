use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use seaworthy_core::{RequestContext, TraceContext};

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");
/// The largest number that the protocol has room for, in milliseconds 27 hours.
const LONGEST_TIMEOUT: u128 = 99_999_999;

/// Tells how long the answer is waited for.
pub(super) fn tell_time(headers: &mut HeaderMap, left: Duration) {
    let milliseconds = left.as_millis().clamp(1, LONGEST_TIMEOUT);
    set(headers, GRPC_TIMEOUT, format!("{milliseconds}m").as_bytes());
}

/// Tells the trace, and the request that the call is made for.
pub(super) fn tell_request(
    headers: &mut HeaderMap,
    context: Option<&RequestContext>,
    trace: &TraceContext,
) {
    if let Some(context) = context {
        let id = context.request_id().as_str();
        set(headers, X_REQUEST_ID, id.as_bytes());
    }
    set(headers, TRACEPARENT, &trace.traceparent().to_bytes());
    for (name, value) in [(TRACESTATE, trace.tracestate()), (BAGGAGE, trace.baggage())] {
        if let Some(value) = value {
            set(headers, name, value.as_bytes());
        }
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.insert(name, value);
    }
}
