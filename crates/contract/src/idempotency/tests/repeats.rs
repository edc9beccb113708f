//! Repeats get the response of the first request, and other requests are rejected.

use std::sync::Arc;

use axum::{body::Body, extract::Request, http::StatusCode};
use seaworthy_core::ByteSize;
use tower::ServiceExt;

use super::app::TestApp;
use crate::idempotency::IdempotencyConfig;

#[tokio::test]
async fn repeat_gets_same_response_and_runs_nothing_api_6() {
    let app = TestApp::new();
    let first = app.send("POST", "/orders", "k1", "{}").await;
    let again = app.send("POST", "/orders", "\"k1\"", "{}").await;
    assert_eq!(first, (StatusCode::CREATED, "call 1".to_owned()));
    assert_eq!(again, first);
    assert_eq!(app.calls(), 1);
    let other = app.send("POST", "/orders", "k2", "{}").await;
    assert_eq!(other.1, "call 2");
}

#[tokio::test]
async fn rejects_other_request_under_same_key_api_6() {
    let app = TestApp::new();
    app.send("POST", "/orders", "k1", "{}").await;
    for (method, path, body) in [
        ("POST", "/orders", "{ }"),
        ("POST", "/orders?x=1", "{}"),
        ("PATCH", "/orders", "{}"),
    ] {
        let (status, text) = app.send(method, path, "k1", body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(text.contains("IDEMPOTENCY_KEY_REUSED"), "{text}");
    }
    assert_eq!(app.calls(), 1);
}

#[tokio::test]
async fn repeat_of_running_request_is_conflict_api_6() {
    let app = Arc::new(TestApp::new());
    let running = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.send("POST", "/slow", "k1", "{}").await }
    });
    app.called().await;
    let request = Request::post("/slow")
        .header("idempotency-key", "k1")
        .body(Body::from("{}"))
        .unwrap();
    let response = app.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let (_, text) = app.send("POST", "/slow", "k1", "{}").await;
    assert!(text.contains("IDEMPOTENCY_KEY_IN_USE"), "{text}");
    app.gate.notify_one();
    assert_eq!(running.await.unwrap().1, "call 1");
    assert_eq!(app.send("POST", "/slow", "k1", "{}").await.1, "call 1");
}

#[tokio::test]
async fn repeat_is_marked_and_keeps_headers_of_response_api_6() {
    let app = TestApp::new();
    let send = async || {
        let request = Request::post("/orders")
            .header("idempotency-key", "k1")
            .body(Body::empty())
            .unwrap();
        let response = app.router.clone().oneshot(request).await.unwrap();
        response.headers().clone()
    };
    let (first, again) = (send().await, send().await);
    assert!(!first.contains_key("idempotency-replayed"));
    assert_eq!(again["idempotency-replayed"], "true");
    assert_eq!(again["location"], first["location"]);
    assert_eq!(again["content-type"], first["content-type"]);
    assert!(!again.contains_key("x-call"));
}

#[tokio::test]
async fn stream_is_passed_on_and_its_repeat_rejected_api_6() {
    let app = TestApp::new();
    let first = app.send("POST", "/stream", "k1", "").await;
    assert_eq!(first, (StatusCode::CREATED, "one two".to_owned()));
    app.rejects_repeat("/stream", "IDEMPOTENT_RESPONSE_NOT_STORED")
        .await;
    let small = TestApp::with_config(IdempotencyConfig {
        max_response_size: ByteSize::bytes(3),
        ..IdempotencyConfig::default()
    });
    assert_eq!(small.send("POST", "/orders", "k1", "").await.1, "call 1");
    small
        .rejects_repeat("/orders", "IDEMPOTENT_RESPONSE_NOT_STORED")
        .await;
}

#[tokio::test]
async fn requires_key_where_configured_api_6() {
    let app = TestApp::with_config(IdempotencyConfig {
        required: true,
        ..IdempotencyConfig::default()
    });
    let request = Request::post("/orders").body(Body::empty()).unwrap();
    let response = app.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(app.calls(), 0);
}

#[tokio::test]
async fn rejects_malformed_keys_and_ignores_keys_of_safe_methods_api_6() {
    let app = TestApp::new();
    for key in ["", "a b", "\"\"", "a\"b", "\"a", &"k".repeat(256)] {
        let (status, _) = app.send("POST", "/orders", key, "").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{key}");
    }
    assert_eq!(app.calls(), 0);
    app.send("GET", "/orders", "k1", "").await;
    app.send("GET", "/orders", "k1", "").await;
    assert_eq!(app.calls(), 2);
}
