//! Options are set per method, for both transports.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use http::uri::PathAndQuery;
use seaworthy_contract::ContractMethod as _;
use seaworthy_grpc::{Contracts, MethodOptions};
use seaworthy_http::Priority;
use seaworthy_testkit::{eventually, http::get};
use tonic::{Code, Request, client::Grpc};
use tonic_prost::ProstCodec;

use crate::access::{
    app::{Caller, TestApp, call, send},
    orders::{Echo, OrderRequest, OrderResponse, OrdersContract, OrdersMethod},
};

#[tokio::test(flavor = "multi_thread")]
async fn methods_of_one_path_have_their_own_options_auth_5() {
    let contract = OrdersContract::new(Echo);
    let contracts = Contracts::new().with_options(contract, |method| match method {
        OrdersMethod::GetOrder => MethodOptions::new().without_head(),
        OrdersMethod::CancelOrder => MethodOptions::new().sets_session(),
        _ => MethodOptions::new(),
    });
    let app = TestApp::start(contracts).await;
    let status = |verb, path, headers| send(app.http(), verb, path, Caller::Admin, headers).status;
    assert_eq!(status("HEAD", "/v1/orders/7", ""), 405);
    assert_eq!(status("GET", "/v1/orders/7", ""), 200);
    assert_eq!(status("HEAD", "/v1/orders", ""), 200);
    let elsewhere = "sec-fetch-site: cross-site\r\n";
    assert_eq!(status("POST", "/v1/orders/7", elsewhere), 200);
    assert_eq!(status("POST", "/v1/orders/7:cancel", elsewhere), 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_shed_with_the_priority_of_their_method_res_7() {
    let contract = OrdersContract::new(Echo);
    let contracts = Contracts::new().with_options(contract, |method| match method {
        OrdersMethod::GetOrder => MethodOptions::new().priority(Priority::Critical),
        OrdersMethod::DeleteOrder => MethodOptions::new().priority(Priority::Background),
        _ => MethodOptions::new(),
    });
    let app = TestApp::start_with(contracts, &["server.grpc.load_shed.max_in_flight=1"]).await;
    let channel = app.grpc().await;
    // This call stays in flight, because it never ends its messages.
    let held = {
        let mut grpc = Grpc::new(channel.clone());
        let path = PathAndQuery::from_static(OrdersMethod::ImportOrders.description().grpc_path);
        let mut request = Request::new(stream::pending::<OrderRequest>());
        let token = "Bearer admin".parse().unwrap();
        request.metadata_mut().insert("authorization", token);
        tokio::spawn(async move {
            grpc.ready().await.unwrap();
            let codec = ProstCodec::<OrderRequest, OrderResponse>::default();
            grpc.client_streaming(request, path, codec).await
        })
    };
    let code = async |method: OrdersMethod| {
        let path = method.description().grpc_path;
        call(channel.clone(), path, Caller::Admin).await.err()
    };
    eventually(async || code(OrdersMethod::ListOrders).await == Some(Code::Unavailable)).await;
    for method in [OrdersMethod::GetOrder, OrdersMethod::DeleteOrder] {
        assert_eq!(code(method).await, Some(Code::Unavailable), "{method:?}");
    }
    let metrics = get(app.admin(), "/metrics").unwrap().body;
    for priority in ["critical", "background"] {
        let line = format!("load_shed_total{{name=\"grpc\",priority=\"{priority}\"}} 1");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
    held.abort();
}

/// The client decides how long a stream lasts, so its end is not the latency of the service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_streams_of_responses_are_not_slow_obs_4() {
    const OPEN: Duration = Duration::from_millis(300);
    let app = TestApp::of_contract().await;
    let mut grpc = Grpc::new(app.grpc().await);
    grpc.ready().await.unwrap();
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Watch");
    let codec = ProstCodec::<(), ()>::default();
    let watch = grpc.server_streaming(Request::new(()), path, codec).await;
    let mut watch = watch.unwrap().into_inner();
    assert!(watch.next().await.unwrap().is_ok());
    assert!(tokio::time::timeout(OPEN, watch.next()).await.is_err());
    drop(watch);
    let call = r#"service="grpc.health.v1.Health",method="Watch""#;
    let count = format!("grpc_request_duration_seconds_count{{{call}}} 1");
    let fast = format!("grpc_request_duration_seconds_bucket{{{call},le=\"0.25\"}} 1");
    let metrics = async || get(app.admin(), "/metrics").unwrap().body;
    eventually(async || metrics().await.contains(&count)).await;
    let metrics = metrics().await;
    assert!(metrics.contains(&fast), "{metrics}");
}
