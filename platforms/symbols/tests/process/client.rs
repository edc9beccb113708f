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
use seaworthy_testkit::fault::{Disruption, Fault, FaultProxy};
use serde_json::Value;
use tonic::{Code, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use crate::{
    contract::service::symbols::v1::{
        GetSymbolRequest, symbols_service_client::SymbolsServiceClient,
    },
    health::{HealthCheckResponse, SERVING, ask, told},
    running::Running,
    tls::Authority,
};

const REQUEST_ID: &str = "1b4e28ba-2fa1-4d1c-883f-0016d3cca427";
/// Far below every other limit in these tests.
const SHORT: Duration = Duration::from_millis(300);

fn to(service: &Running) -> GrpcClientConfig {
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

/// Calls on behalf of a request that is waited for as long as `wait`.
fn on_behalf<F: Future>(wait: Duration, call: F) -> impl Future<Output = F::Output> {
    let id = RequestId::parse(REQUEST_ID.as_bytes()).unwrap();
    let caller = ServiceIdentity::new("orders", "1.0.0");
    let request = RequestContext::new(caller, id, TraceContext::root(true));
    let request = request.with_deadline(Deadline::after(wait));
    context::scope(Arc::new(request), call)
}

#[tokio::test]
async fn a_call_carries_the_request_it_is_made_for_obs_7_obs_6() {
    let mut service = Running::start(&[]);
    let channel = channel(&to(&service));
    let (status, trace) = on_behalf(Duration::from_secs(5), async {
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
async fn a_server_that_never_answers_costs_exactly_the_deadline_life_6() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let patient = GrpcClientConfig::new(url);
    let mut hurried = patient.clone();
    hurried.policies.total_timeout = Timeout::from_millis(300);
    let begun = Instant::now();
    let status = call(channel(&hurried)).await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    let status = on_behalf(SHORT, call(channel(&patient))).await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    let took = begun.elapsed();
    assert!(
        took >= 2 * SHORT && took < Duration::from_secs(5),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_stream_that_falls_silent_ends_at_the_deadline_life_6() {
    let service = Running::start(&[]);
    let proxy = FaultProxy::start(service.grpc()).await.unwrap();
    let mut config = GrpcClientConfig::new(format!("http://{}", proxy.address()));
    config.policies.total_timeout = Timeout::from_secs(1);
    let mut watch = Grpc::new(channel(&config));
    watch.ready().await.unwrap();
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Watch");
    let codec: ProstCodec<_, HealthCheckResponse> = ProstCodec::default();
    let answer = watch.server_streaming(ask(""), path, codec).await;
    let mut answer = answer.unwrap().into_inner();
    assert_eq!(told(&mut answer).await, SERVING);
    proxy.set(Fault::of(Disruption::Blackhole));
    let status = answer.message().await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_not_sent_life_6() {
    let service = Running::start(&[]);
    let channel = channel(&to(&service));
    let status = on_behalf(Duration::ZERO, call(channel)).await;
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let metrics = seaworthy_testkit::http::get(service.admin, "/metrics").unwrap();
    let none = r#"symbol_service_grpc_request_duration_seconds_count{service="service.symbols.v1.SymbolsService",method="GetSymbol"} 0"#;
    assert!(metrics.body.contains(none), "{}", metrics.body);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unavailable_and_found_when_it_comes_back_res_2() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let channel = channel(&GrpcClientConfig::new(format!("http://{address}")));
    let status = call(channel.clone()).await;
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    let setting = format!("server.grpc.addr={address}");
    let _service = Running::start(&["--set", &setting]);
    assert_eq!(call(channel).await.code(), Code::NotFound);
}

#[tokio::test]
async fn a_client_of_settings_shows_its_certificate_and_believes_its_authority_alone_sec_1() {
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
    let stranger = Authority::new();
    config.tls.ca = Some(stranger.path("ca.pem"));
    let other = call(channel(&config)).await;
    assert_eq!(other.code(), Code::Unavailable, "{other:?}");
}
