//! LIFE-6, MSG-8, OBS-5: propagated headers and metrics.

use std::{sync::Arc, time::Duration};

use seaworthy_client::Propagation;
use seaworthy_core::{
    Actor, Deadline, RequestContext, RequestId, ServiceIdentity, TraceContext, context,
};
use seaworthy_grpc::client::GrpcChannel;
use seaworthy_telemetry::metrics::{Format, Metrics};
use tonic::Code;

use crate::client::fixture::{Reply, Server, call};

const REQUEST_ID: &str = "1b4e28ba-2fa1-4d1c-883f-0016d3cca427";

pub(crate) fn request(wait: Duration) -> Arc<RequestContext> {
    let id = RequestId::parse(REQUEST_ID.as_bytes()).unwrap();
    let caller = ServiceIdentity::new("orders", "1.0.0");
    let request = RequestContext::new(caller, id, TraceContext::root(true));
    let request = request.with_client_address("192.0.2.7".parse().unwrap());
    Arc::new(request.with_deadline(Deadline::after(wait)))
}

#[tokio::test]
async fn call_carries_request_id_trace_and_remaining_time_life_6_msg_8() {
    let server = Server::start(|_| Reply::Ok).await;
    let channel = server.client().build().unwrap();
    let request = request(Duration::from_secs(3));
    let trace = request.trace().trace_id().to_string();
    context::scope(request, call(&channel)).await.unwrap();
    let head = server.heads().pop().unwrap();
    assert_eq!(head["x-request-id"], REQUEST_ID);
    assert!(head["traceparent"].to_str().unwrap().contains(&trace));
    let left = head["grpc-timeout"].to_str().unwrap().trim_end_matches('m');
    let left: u64 = left.parse().unwrap();
    assert!((2_000..=3_000).contains(&left), "{left}");
}

#[tokio::test]
async fn sends_caller_identity_only_where_configured_msg_8_sec_6() {
    let server = Server::start(|_| Reply::Ok).await;
    for (propagation, expected) in [
        (Propagation::Request, (None, None)),
        (Propagation::Address, (None, Some("192.0.2.7"))),
        (Propagation::Baggage, (None, None)),
        (Propagation::Identity, (Some("ada"), Some("192.0.2.7"))),
    ] {
        let mut config = server.config();
        config.propagation = propagation;
        let channel = GrpcChannel::builder("things", config).build().unwrap();
        let request = request(Duration::from_secs(3));
        request.set_actor(Actor::new("ada"));
        context::scope(request, call(&channel)).await.unwrap();
        let head = server.heads().pop().unwrap();
        let text = |name| head.get(name).map(|value| value.to_str().unwrap());
        assert_eq!((text("x-actor-id"), text("x-forwarded-for")), expected);
    }
}

#[tokio::test]
async fn late_call_is_not_sent_life_6() {
    let server = Server::start(|_| Reply::Ok).await;
    let channel = server.client().build().unwrap();
    let status = context::scope(request(Duration::ZERO), call(&channel)).await;
    assert_eq!(status.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn counts_calls_connections_and_breaker_obs_5() {
    let server = Server::start(|before| match before {
        0 => Reply::Ok,
        1 => Reply::LateStatus(Code::NotFound),
        _ => Reply::Status(Code::Unavailable, None),
    })
    .await;
    let metrics = Metrics::new();
    let channel = server.client().metrics(&metrics).build().unwrap();
    for _ in 0..3 {
        let _ = call(&channel).await;
    }
    let text = metrics.render(Format::PrometheusText);
    for line in [
        r#"grpc_client_requests_total{client="things",status="OK"} 1"#,
        r#"grpc_client_requests_total{client="things",status="NOT_FOUND"} 1"#,
        r#"grpc_client_requests_total{client="things",status="UNAVAILABLE"} 1"#,
        r#"grpc_client_request_duration_seconds_count{client="things"} 3"#,
        r#"grpc_client_connections{client="things"} 1"#,
        r#"circuit_breaker_calls_total{name="things",outcome="allowed"} 3"#,
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}
