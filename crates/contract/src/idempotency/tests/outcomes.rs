//! A repeat runs only if the first request is known to have changed nothing.

use std::sync::Arc;

use axum::http::StatusCode;

use super::app::TestApp;

#[tokio::test]
async fn failure_without_change_runs_again_api_6() {
    let app = TestApp::new();
    assert_eq!(app.send("POST", "/fail", "k1", "").await.1, "call 1");
    assert!(app.store.is_empty());
    assert_eq!(app.send("POST", "/fail", "k1", "").await.1, "call 2");
}

#[tokio::test]
async fn client_corrects_rejected_request_under_same_key_api_6() {
    let app = TestApp::new();
    let (status, _) = app.send("POST", "/bad", "k1", "{").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(app.send("POST", "/orders", "k1", "{}").await.1, "call 2");
}

#[tokio::test]
async fn forbidden_request_runs_again_api_6() {
    let app = TestApp::new();
    let (status, text) = app.send("POST", "/forbidden", "k1", "").await;
    assert_eq!((status, text.as_str()), (StatusCode::FORBIDDEN, "call 1"));
    assert_eq!(app.send("POST", "/forbidden", "k1", "").await.1, "call 2");
}

#[tokio::test(start_paused = true)]
async fn call_that_never_ends_leaves_outcome_unknown_api_6() {
    let app = TestApp::new();
    let (status, _) = app.send("POST", "/slow", "k1", "").await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
    app.rejects_repeat("/slow", "IDEMPOTENT_OUTCOME_UNKNOWN")
        .await;
}

#[tokio::test]
async fn panic_leaves_outcome_unknown_api_6() {
    let app = Arc::new(TestApp::new());
    let panicking = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.send("POST", "/panic", "k1", "").await }
    });
    assert!(panicking.await.unwrap_err().is_panic());
    app.rejects_repeat("/panic", "IDEMPOTENT_OUTCOME_UNKNOWN")
        .await;
}

#[tokio::test]
async fn failure_leaves_outcome_unknown_api_6() {
    for path in ["/500", "/502", "/504", "/sent"] {
        let app = TestApp::new();
        let (status, _) = app.send("POST", path, "k1", "").await;
        assert!(status.is_server_error());
        app.rejects_repeat(path, "IDEMPOTENT_OUTCOME_UNKNOWN").await;
    }
}

#[tokio::test]
async fn failure_after_change_does_not_run_again_api_6() {
    let app = TestApp::new();
    let (status, _) = app.send("POST", "/changed", "k1", "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    app.rejects_repeat("/changed", "IDEMPOTENT_RESPONSE_NOT_STORED")
        .await;
}

#[tokio::test]
async fn failure_of_undone_change_runs_again_api_6() {
    let app = TestApp::new();
    assert_eq!(app.send("POST", "/undone", "k1", "").await.1, "call 1");
    assert_eq!(app.send("POST", "/undone", "k1", "").await.1, "call 2");
}
