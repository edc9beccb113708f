//! Authentication of services by tokens (AUTH-6).

use std::time::{Duration, SystemTime};

use http::StatusCode;
use seaworthy_auth::ServiceTokens;

use crate::service_tokens::app::{ORDERS, PAYMENTS, TestApp, signer};

fn refused(reason: &str) -> (StatusCode, String) {
    (StatusCode::UNAUTHORIZED, reason.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn service_is_authenticated_by_its_token_auth_6() {
    let app = TestApp::start().await;
    let response = app.charge(Some(app.tokens(ORDERS, PAYMENTS))).await;
    assert_eq!(response, (StatusCode::OK, ORDERS.to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_without_token_is_unauthenticated_auth_6() {
    let app = TestApp::start().await;
    let response = app.charge(None::<ServiceTokens>).await;
    assert_eq!(response, refused("CREDENTIALS_MISSING"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn token_for_another_audience_is_rejected_auth_6() {
    let app = TestApp::start().await;
    let response = app.charge(Some(app.tokens(ORDERS, "events"))).await;
    assert_eq!(response, refused("TOKEN_AUDIENCE"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_service_token_is_rejected_auth_6() {
    let app = TestApp::start().await;
    let now = SystemTime::now();
    let fresh = app.charge(Some(app.signed_at(now))).await;
    assert_eq!(fresh, (StatusCode::OK, ORDERS.to_owned()));
    let day = Duration::from_secs(24 * 60 * 60);
    let response = app.charge(Some(app.signed_at(now - day))).await;
    assert_eq!(response, refused("TOKEN_EXPIRED"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn token_of_another_service_or_key_is_rejected_auth_6() {
    let app = TestApp::start().await;
    let (status, _) = app.charge(Some(app.tokens("feed", PAYMENTS))).await;
    assert_eq!(
        status,
        StatusCode::FORBIDDEN,
        "the service is authenticated, but does not have the role"
    );
    let forged = ServiceTokens::new(signer("orders-1"), ORDERS, PAYMENTS);
    assert_eq!(app.charge(Some(forged)).await, refused("TOKEN_SIGNATURE"));
}
