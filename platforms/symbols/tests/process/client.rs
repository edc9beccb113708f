use std::{
    future::Future,
    net::TcpListener,
    sync::Arc,
    time::{Duration, Instant},
};

use seaworthy::{
    core::{Deadline, RequestId, ServiceIdentity, TraceContext},
    grpc::client::{GrpcChannel, GrpcClientConfig},
    prelude::*,
};
use seaworthy_testkit::{
    eventually,
    fault::{Disruption, Fault, FaultProxy},
};
use serde_json::Value;
use tonic::{Code, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use crate::{
    app::SymbolsApp,
    contract::service::symbols::v1::{
        GetSymbolRequest, symbols_service_client::SymbolsServiceClient,
    },
    health::{HealthCheckResponse, SERVING, next_status, request},
    tls::Authority,
};

const REQUEST_ID: &str = "1b4e28ba-2fa1-4d1c-883f-0016d3cca427";
/// Shorter than all other time limits of these tests.
const SHORT: Duration = Duration::from_millis(300);

fn config_for(service: &SymbolsApp) -> GrpcClientConfig {
    GrpcClientConfig::new(format!("http://{}", service.grpc()))
}

fn channel(config: &GrpcClientConfig) -> GrpcChannel {
    let builder = GrpcChannel::builder("symbols", config.clone());
    builder.build().unwrap()
}

async fn call(channel: GrpcChannel) -> Status {
    let mut client = SymbolsServiceClient::new(channel);
    let request = GetSymbolRequest { id: 9 };
    client.get_symbol(request).await.unwrap_err()
}

/// Runs a call in the context of a request whose deadline is after `wait`.
fn in_request<F: Future>(wait: Duration, call: F) -> impl Future<Output = F::Output> {
    let id = RequestId::parse(REQUEST_ID.as_bytes()).unwrap();
    let caller = ServiceIdentity::new("orders", "1.0.0");
    let request = RequestContext::new(caller, id, TraceContext::root(true));
    let request = request.with_deadline(Deadline::after(wait));
    context::scope(Arc::new(request), call)
}

#[tokio::test]
async fn call_propagates_request_id_and_trace_obs_7_obs_6() {
    let mut service = SymbolsApp::start(&[]);
    let channel = channel(&config_for(&service));
    let (status, trace) = in_request(Duration::from_secs(5), async {
        let trace = context::with_current(|context| context.unwrap().trace().trace_id());
        (call(channel).await, trace.to_string())
    })
    .await;
    assert_eq!(status.code(), Code::NotFound);
    let line = service.process.line(REQUEST_ID).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["trace_id"], trace, "{line}");
}

#[tokio::test]
async fn call_to_silent_server_ends_at_deadline_life_6() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let config = GrpcClientConfig::new(url);
    let mut with_timeout = config.clone();
    with_timeout.policies.total_timeout = Timeout::from_millis(300);
    let start = Instant::now();
    let status = call(channel(&with_timeout)).await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    let status = in_request(SHORT, call(channel(&config))).await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    let duration = start.elapsed();
    assert!(
        duration >= 2 * SHORT && duration < Duration::from_secs(5),
        "{duration:?}"
    );
}

#[tokio::test]
async fn silent_stream_ends_at_deadline_life_6() {
    let service = SymbolsApp::start(&[]);
    let proxy = FaultProxy::start(service.grpc()).await.unwrap();
    let mut config = GrpcClientConfig::new(format!("http://{}", proxy.address()));
    config.policies.total_timeout = Timeout::from_secs(1);
    let mut watch = Grpc::new(channel(&config));
    watch.ready().await.unwrap();
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Watch");
    let codec: ProstCodec<_, HealthCheckResponse> = ProstCodec::default();
    let stream = watch.server_streaming(request(""), path, codec).await;
    let mut stream = stream.unwrap().into_inner();
    assert_eq!(next_status(&mut stream).await, SERVING);
    proxy.set(Fault::of(Disruption::Blackhole));
    let status = stream.message().await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
}

#[tokio::test]
async fn call_after_deadline_is_not_sent_life_6() {
    let service = SymbolsApp::start(&[]);
    let channel = channel(&config_for(&service));
    let status = in_request(Duration::ZERO, call(channel)).await;
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let metrics = seaworthy_testkit::http::get(service.admin, "/metrics").unwrap();
    let none = r#"symbol_service_grpc_request_duration_seconds_count{service="service.symbols.v1.SymbolsService",method="GetSymbol"} 0"#;
    assert!(metrics.body.contains(none), "{}", metrics.body);
}

// The start blocks its thread. The channel continues on the other threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channel_reconnects_after_refused_connection_res_2() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let channel = channel(&GrpcClientConfig::new(format!("http://{address}")));
    let status = call(channel.clone()).await;
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    let setting = format!("server.grpc.addr={address}");
    let _service = SymbolsApp::start(&["--set", &setting]);
    // Calls within 100 ms of a failed attempt to connect fail without another attempt.
    eventually(async || call(channel.clone()).await.code() == Code::NotFound).await;
}

#[tokio::test]
async fn channel_uses_client_certificate_and_ca_of_settings_sec_1() {
    let authority = Authority::new();
    let service = authority.start("required");
    let mut config = GrpcClientConfig::new(format!("https://{}", service.grpc()));
    config.tls.server_name = Some("localhost".to_owned());
    config.tls.ca = Some(authority.path("ca.pem"));
    let without = call(channel(&config)).await;
    assert_ne!(without.code(), Code::NotFound, "{without:?}");
    config.tls.certificate = Some(authority.path("client.pem"));
    config.tls.key = Some(authority.path("client.key"));
    assert_eq!(call(channel(&config)).await.code(), Code::NotFound);
    let other_authority = Authority::new();
    config.tls.ca = Some(other_authority.path("ca.pem"));
    let other = call(channel(&config)).await;
    assert_eq!(other.code(), Code::Unavailable, "{other:?}");
}
