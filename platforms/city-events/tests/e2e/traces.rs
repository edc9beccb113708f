//! One trace through the gateway, a gRPC service and its database.

use std::collections::HashMap;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind},
};
use prost::Message as _;
use seaworthy_testkit::http::request;

use crate::{
    canaries::{canary::Canaries, process::PlatformProcess},
    eventually::eventually,
};

const TRACE: [u8; 16] = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes();
const CALLER: [u8; 8] = 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes();
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn text(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    let value = found.and_then(|attribute| attribute.value.clone()?.value);
    match value {
        Some(Value::StringValue(text)) => text,
        _ => String::new(),
    }
}

/// Returns the spans of the trace by their IDs, with the names of their services.
fn spans(platform: &PlatformProcess) -> HashMap<Vec<u8>, (String, Span)> {
    let mut all = HashMap::new();
    for export in platform.exports() {
        let export = ExportTraceServiceRequest::decode(export).unwrap();
        for resource in export.resource_spans {
            let attributes = resource.resource.unwrap_or_default().attributes;
            let service = text(&attributes, "service.name");
            let spans = resource.scope_spans.into_iter();
            for span in spans.flat_map(|scope| scope.spans) {
                if span.trace_id == TRACE {
                    all.insert(span.span_id.clone(), (service.clone(), span));
                }
            }
        }
    }
    all
}

/// A service, the kind of its span, and the protocol.
type Step = (String, SpanKind, &'static str);

/// Returns the spans from the root to a query of a service that the gateway calls.
///
/// # Errors
/// The spans that arrived, if some are missing.
fn path(platform: &PlatformProcess) -> Result<Vec<Step>, Vec<(String, Span)>> {
    let spans = spans(platform);
    let is_query = |(service, span): &&(String, Span)| {
        service != "bff" && !text(&span.attributes, "db.system.name").is_empty()
    };
    let mut path = Vec::new();
    let mut next = spans.values().find(is_query);
    while let Some((service, span)) = next {
        let protocol = ["db.system.name", "rpc.system", "http.request.method"]
            .into_iter()
            .find(|key| !text(&span.attributes, key).is_empty());
        path.push((service.clone(), span.kind(), protocol.unwrap_or_default()));
        if span.parent_span_id == CALLER {
            path.reverse();
            return Ok(path);
        }
        next = spans.get(&span.parent_span_id);
    }
    Err(spans.into_values().collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_crosses_http_grpc_and_database_obs_6() {
    let mut canaries = Canaries::default();
    let platform = PlatformProcess::start("json", &[], &mut canaries).await;
    let bff = platform.service("bff").http;
    let headers = [("traceparent", TRACEPARENT)];
    let answer = request(bff, "GET", "/api/events", &headers, "").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let path = eventually(async || path(&platform)).await;
    let (called, ..) = path.last().unwrap();
    let expected = [
        ("bff", SpanKind::Server, "http.request.method"),
        ("bff", SpanKind::Client, "rpc.system"),
        (called, SpanKind::Server, "rpc.system"),
        (called, SpanKind::Client, "db.system.name"),
    ]
    .map(|(service, kind, protocol)| (service.to_owned(), kind, protocol));
    assert_eq!(path, expected);
    platform.stop();
}
