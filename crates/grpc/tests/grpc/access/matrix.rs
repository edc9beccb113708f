//! Calls every method in every way as every caller.

use seaworthy_contract::ContractMethod as _;
use tonic::Code;

use crate::access::{
    app::{Caller, TestApp, call, send},
    orders::OrdersMethod,
};

/// Every binding of the contract as a client calls it, and other spellings that lead to the same
/// method.
const WAYS: [(OrdersMethod, &str, &str); 28] = [
    (OrdersMethod::GetOrder, "GET", "/v1/orders/7"),
    (OrdersMethod::GetOrder, "HEAD", "/v1/orders/7"),
    (OrdersMethod::GetOrder, "GET", "/v1/orders/%37"),
    (OrdersMethod::GetOrder, "GET", "/v1/orders/7%3Acancel"),
    (OrdersMethod::GetOrder, "GET", "/v1/orders/7%2Fcancel"),
    (OrdersMethod::GetOrder, "GET", "http://{host}/v1/orders/7"),
    (OrdersMethod::AmendOrder, "POST", "/v1/orders/7"),
    (OrdersMethod::AmendOrder, "POST", "/v1/orders/7%3acancel"),
    (OrdersMethod::AmendOrder, "POST", "/v1/orders/7:canceled"),
    (OrdersMethod::CancelOrder, "POST", "/v1/orders/7:cancel"),
    (
        OrdersMethod::CancelOrder,
        "POST",
        "/v1/orders/7:cancel?x=:y",
    ),
    (OrdersMethod::CancelOrder, "POST", "/v1/orders/7:a:cancel"),
    (
        OrdersMethod::CancelOrder,
        "POST",
        "http://{host}/v1/orders/7:cancel",
    ),
    (OrdersMethod::CancelOrder, "PUT", "/v1/cancellations/7"),
    (OrdersMethod::CancelOrder, "CANCEL", "/v1/orders/7"),
    (OrdersMethod::CancelOrder, "BREW", "/v1/any/7:cancel"),
    (OrdersMethod::CancelOrder, "OPTIONS", "/v1/any/7:cancel"),
    (OrdersMethod::CancelOrder, "HEAD", "/v1/any/7:cancel"),
    (OrdersMethod::DeleteOrder, "DELETE", "/v1/orders/7"),
    (OrdersMethod::ListOrders, "GET", "/v1/orders"),
    (OrdersMethod::AuditOrder, "GET", "/v1/orders/7/audit"),
    (OrdersMethod::AuditOrder, "HEAD", "/v1/orders/7/audit"),
    (OrdersMethod::WatchOrder, "GET", "/v1/orders/7:watch"),
    (OrdersMethod::GetAny, "BREW", "/v1/any/7%3Acancel"),
    (OrdersMethod::GetFile, "GET", "/v1/files/a/b"),
    (OrdersMethod::PurgeFile, "GET", "/v1/files/a/b:purge"),
    (OrdersMethod::PurgeFile, "HEAD", "/v1/files/a%2Fb:purge"),
    (OrdersMethod::PurgeFile, "GET", "/v1/files/trash/b"),
];

/// Requests that match no binding, and their status for every caller.
const ELSEWHERE: [(&str, &str, u16); 12] = [
    ("GET", "/v1/orders/7:cancel", 405),
    ("HEAD", "/v1/orders/7:cancel", 405),
    ("PUT", "/v1/orders/7:cancel", 405),
    ("CANCEL", "/v1/orders/7:cancel", 405),
    ("BREW", "/v1/orders/7", 405),
    ("OPTIONS", "/v1/orders/7:cancel", 204),
    ("OPTIONS", "/v1/cancellations/7", 204),
    ("POST", "/v1/orders/7:cancel/", 404),
    ("POST", "/v1/orders//7:cancel", 404),
    ("PUT", "/v1/cancellations/7/", 404),
    ("PUT", "/v1%2Fcancellations%2F7", 404),
    ("PUT", "/V1/cancellations/7", 404),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_http_binding_has_the_declared_access_auth_5() {
    let app = TestApp::of_contract().await;
    for (method, verb, path) in WAYS {
        for caller in Caller::ALL {
            let answer = send(app.http(), verb, path, caller, "");
            let expected = caller.expected(method);
            assert_eq!(
                answer.status, expected,
                "{verb} {path} {caller:?}: {}",
                answer.text
            );
            if expected == 200 && verb != "HEAD" {
                let name = method.description().name;
                assert_eq!(answer.method(), Some(name), "{verb} {path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unmatched_requests_reach_no_method_auth_5() {
    let app = TestApp::of_contract().await;
    for (verb, path, status) in ELSEWHERE {
        for caller in [Caller::Anonymous, Caller::Admin] {
            let answer = send(app.http(), verb, path, caller, "");
            assert_eq!(answer.status, status, "{verb} {path}: {}", answer.text);
            assert_eq!(answer.method(), None, "{verb} {path}");
        }
    }
    let preflight = "origin: https://app.example\r\naccess-control-request-method: POST\r\n";
    for path in ["/v1/orders/7:cancel", "/v1/any/7:cancel"] {
        let answer = send(app.http(), "OPTIONS", path, Caller::Anonymous, preflight);
        assert_eq!(answer.status, 204, "{}", answer.text);
        assert_eq!(answer.method(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_over_grpc_has_the_declared_access_auth_5() {
    let app = TestApp::of_contract().await;
    let channel = app.grpc().await;
    for method in OrdersMethod::ALL {
        let description = method.description();
        for caller in Caller::ALL {
            let expected = match caller.expected(*method) {
                200 => Ok(description.name.to_owned()),
                401 => Err(Code::Unauthenticated),
                _ => Err(Code::PermissionDenied),
            };
            let answer = call(channel.clone(), description.grpc_path, caller).await;
            assert_eq!(answer, expected, "{method:?} {caller:?}");
        }
    }
    for path in [
        "/seaworthy.orders.v1.Orders/CancelOrder/",
        "/seaworthy.orders.v1.Orders/cancelorder",
        "/seaworthy.orders.v1.Orders/Cancel%4Frder",
        "/seaworthy.orders.v1.Orders//CancelOrder",
    ] {
        let answer = call(channel.clone(), path, Caller::Anonymous).await;
        assert_eq!(answer, Err(Code::Unimplemented), "{path}");
    }
}

/// An admin-only verb beside a public GET and a public POST of one path.
#[tokio::test(flavor = "multi_thread")]
async fn admin_verb_is_closed_on_both_transports_auth_5() {
    let app = TestApp::of_contract().await;
    let http = |verb, path, caller| {
        let answer = send(app.http(), verb, path, caller, "");
        (answer.status, answer.method().map(str::to_owned))
    };
    let ran = |name: &str| (200, Some(name.to_owned()));
    assert_eq!(
        http("GET", "/v1/orders/7", Caller::Anonymous),
        ran("GetOrder")
    );
    assert_eq!(
        http("POST", "/v1/orders/7", Caller::Anonymous),
        ran("AmendOrder")
    );
    let cancel = "/v1/orders/7:cancel";
    assert_eq!(http("POST", cancel, Caller::Anonymous), (401, None));
    assert_eq!(http("POST", cancel, Caller::User), (403, None));
    assert_eq!(http("POST", cancel, Caller::Admin), ran("CancelOrder"));
    let path = OrdersMethod::CancelOrder.description().grpc_path;
    let channel = app.grpc().await;
    let grpc = |caller| call(channel.clone(), path, caller);
    assert_eq!(grpc(Caller::Anonymous).await, Err(Code::Unauthenticated));
    assert_eq!(grpc(Caller::User).await, Err(Code::PermissionDenied));
    assert_eq!(grpc(Caller::Admin).await, Ok("CancelOrder".to_owned()));
}
