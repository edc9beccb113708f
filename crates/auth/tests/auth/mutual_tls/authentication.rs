//! Authentication of services by client certificates (AUTH-6, SEC-1).

use http::StatusCode;
use seaworthy_testkit::authority::Authority;

use crate::mutual_tls::app::{GATEWAY, ORDERS, Outcome, TestApp};

fn both(outcomes: Outcome) -> [Outcome; 2] {
    [outcomes.clone(), outcomes]
}

fn actor(name: &str) -> [Outcome; 2] {
    both(Outcome::Actor(name.to_owned()))
}

fn are_disconnected(outcomes: &[Outcome; 2]) -> bool {
    outcomes
        .iter()
        .all(|outcome| matches!(outcome, Outcome::Disconnected(_)))
}

fn are_rejected(outcomes: &[Outcome; 2], with: StatusCode) -> bool {
    outcomes
        .iter()
        .all(|outcome| matches!(outcome, Outcome::Rejected(status, _) if *status == with))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn service_is_authenticated_by_its_certificate_auth_6() {
    let app = TestApp::start("required").await;
    let orders = app.authority.client(ORDERS).unwrap();
    assert_eq!(app.call(Some(&orders)).await, actor(ORDERS));
    assert_eq!(
        app.http("POST", "/charge", Some(&orders)).await,
        Outcome::Actor(ORDERS.to_owned()),
        "with its scopes"
    );
    let gateway = app.authority.client(GATEWAY).unwrap();
    assert_eq!(app.call(Some(&gateway)).await, actor(GATEWAY));
    let charged = app.http("POST", "/charge", Some(&gateway)).await;
    assert!(
        matches!(charged, Outcome::Rejected(StatusCode::FORBIDDEN, _)),
        "{charged:?}"
    );
    assert_eq!(app.rejected_handshakes(), [0, 0]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_without_certificate_is_rejected_auth_6_sec_1() {
    let app = TestApp::start("required").await;
    let outcomes = app.call(None).await;
    assert!(are_disconnected(&outcomes), "{outcomes:?}");
    app.wait_for_rejected_handshakes([0, 0]).await;
    app.stop().await;

    let app = TestApp::start("optional").await;
    let outcomes = app.call(None).await;
    assert!(
        are_rejected(&outcomes, StatusCode::UNAUTHORIZED),
        "{outcomes:?}"
    );
    let orders = app.authority.client(ORDERS).unwrap();
    assert_eq!(app.call(Some(&orders)).await, actor(ORDERS));
    assert_eq!(app.rejected_handshakes(), [0, 0]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificate_of_another_authority_is_rejected_auth_6_sec_1() {
    for client_certificates in ["required", "optional"] {
        let app = TestApp::start(client_certificates).await;
        for name in ["example.org", "elsewhere.example"] {
            let authority = Authority::new(name).unwrap();
            let untrusted = authority.client(ORDERS).unwrap();
            let before = app.rejected_handshakes();
            let outcomes = app.call(Some(&untrusted)).await;
            assert!(
                are_disconnected(&outcomes),
                "{client_certificates} {name} {outcomes:?}"
            );
            app.wait_for_rejected_handshakes(before).await;
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_certificate_is_rejected_auth_6_sec_1() {
    let app = TestApp::start("optional").await;
    let outcomes = app
        .call(Some(&app.authority.expired(ORDERS).unwrap()))
        .await;
    assert!(are_disconnected(&outcomes), "{outcomes:?}");
    app.wait_for_rejected_handshakes([0, 0]).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificate_of_unknown_peer_is_forbidden_auth_6() {
    let app = TestApp::start("required").await;
    for name in ["spiffe://example.org/orders/x", "localhost", "internal"] {
        let outcomes = app.call(Some(&app.authority.client(name).unwrap())).await;
        assert!(
            are_rejected(&outcomes, StatusCode::FORBIDDEN),
            "{outcomes:?}"
        );
        let [Outcome::Rejected(_, reason), Outcome::Rejected(_, message)] = outcomes else {
            unreachable!("both were rejected");
        };
        assert_eq!(reason, "PEER_UNKNOWN");
        assert!(
            message.contains("does not belong to a permitted service"),
            "{message}"
        );
    }
    assert_eq!(app.rejected_handshakes(), [0, 0]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_gateway_may_forward_callers_auth_6_msg_8() {
    let app = TestApp::start("required").await;
    let gateway = app.authority.client(GATEWAY).unwrap();
    assert_eq!(app.call_as("ada", &gateway).await, actor("ada"));
    assert_eq!(
        app.call(Some(&gateway)).await,
        actor(GATEWAY),
        "without a request context the actor is the gateway itself"
    );
    let orders = app.authority.client(ORDERS).unwrap();
    assert_eq!(app.call_as("ada", &orders).await, actor(ORDERS));
    app.stop().await;
}
