//! Options are set per method, for both transports.

use seaworthy_grpc::{Contracts, MethodOptions};

use crate::access::{
    app::{Caller, TestApp, send},
    orders::{Echo, OrdersContract, OrdersMethod},
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
