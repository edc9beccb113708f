//! MSG-8, LIFE-6: what the running request knows travels along.

use std::time::Duration;

use seaworthy_client::Propagation;
use seaworthy_core::{
    Actor, Deadline, RequestContext, RequestId, ServiceIdentity, Tenant, TraceContext, context,
};

use crate::fixture::{Seen, Server, answer, builder};

async fn seen_with(propagation: Propagation, request: Option<RequestContext>) -> Seen {
    let server = Server::start(|_, _| answer("200 OK", "", "")).await;
    let client = builder(|config| config.propagation = propagation);
    let client = client.user_agent("shop/1.0.0").build().unwrap();
    let url = server.url("/");
    let call = client.get(&url).send();
    match request {
        Some(request) => context::scope(request.into(), call).await.unwrap(),
        None => call.await.unwrap(),
    };
    server.seen().remove(0)
}

fn request() -> RequestContext {
    let trace = TraceContext::extract(
        [&b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"[..]],
        [&b"vendor=opaque"[..]],
        [&b"cart=9"[..]],
    );
    let id = RequestId::parse(b"order-77").unwrap();
    RequestContext::new(ServiceIdentity::new("shop", "1.0.0"), id, trace.unwrap())
        .with_deadline(Deadline::after(Duration::from_millis(900)))
}

#[tokio::test]
async fn client_propagates_trace_request_id_and_timeout_msg_8() {
    let seen = seen_with(Propagation::Request, Some(request())).await;
    let traceparent = seen.header("traceparent").unwrap();
    assert!(traceparent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert!(!traceparent.contains("00f067aa0ba902b7"), "{traceparent}");
    assert!(traceparent.ends_with("-01"));
    assert_eq!(seen.header("tracestate"), Some("vendor=opaque"));
    assert_eq!(seen.header("x-request-id"), Some("order-77"));
    assert_eq!(seen.header("user-agent"), Some("shop/1.0.0"));
    assert_eq!(seen.header("baggage"), None);
    let left: u64 = seen
        .header("x-request-timeout-ms")
        .unwrap()
        .parse()
        .unwrap();
    assert!((500..=900).contains(&left), "{left}");
}

#[tokio::test]
async fn propagation_none_sends_nothing_and_baggage_sends_it_msg_8() {
    let seen = seen_with(Propagation::None, Some(request())).await;
    for name in [
        "traceparent",
        "tracestate",
        "baggage",
        "x-request-id",
        "x-request-timeout-ms",
    ] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    let asked = || {
        let request = request();
        request.set_actor(Actor::new("ada"));
        request.set_tenant(Tenant::new("t1"));
        request
    };
    let seen = seen_with(Propagation::Baggage, Some(asked())).await;
    assert_eq!(seen.header("baggage"), Some("cart=9"));
    assert_eq!(seen.header("x-actor-id"), None);
    let seen = seen_with(Propagation::Identity, Some(asked())).await;
    assert_eq!(seen.header("baggage"), Some("cart=9"));
    assert_eq!(seen.header("x-actor-id"), Some("ada"));
    assert_eq!(seen.header("x-tenant-id"), Some("t1"));
}

#[tokio::test]
async fn call_without_request_starts_trace_life_6() {
    let seen = seen_with(Propagation::Request, None).await;
    assert!(seen.header("traceparent").is_some());
    assert_eq!(seen.header("x-request-id"), None);
    let left: u64 = seen
        .header("x-request-timeout-ms")
        .unwrap()
        .parse()
        .unwrap();
    assert!((1_500..=2_000).contains(&left), "{left}");
}
