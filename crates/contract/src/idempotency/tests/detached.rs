//! A call continues after its client has disconnected.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, http::StatusCode, routing::any};
use seaworthy_core::{Deadline, RequestContext, ServiceIdentity, context};
use tokio::sync::Notify;
use tower::ServiceExt;

use super::app::{TestApp, with_keys};
use crate::idempotency::{
    CallOutcome, Fingerprint, IdempotencyConfig, IdempotencyLayer, IdempotencyStore, KeyState,
    Lifetimes, MemoryStore, RecordedResponse, ScopedKey, StoreFuture,
};

fn order() -> Request {
    Request::post("/orders")
        .header("idempotency-key", "k1")
        .body(Body::from("{}"))
        .unwrap()
}

#[tokio::test]
async fn client_that_left_gets_response_later_api_6() {
    let app = TestApp::new();
    {
        let dropped = app.send("POST", "/slow", "k1", "");
        tokio::pin!(dropped);
        while app.calls() == 0 {
            assert!(futures::poll!(dropped.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
    }
    app.gate.notify_one();
    loop {
        let (status, text) = app.send("POST", "/slow", "k1", "").await;
        if status != StatusCode::CONFLICT {
            assert_eq!(text, "call 1");
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(app.calls(), 1);
}

#[tokio::test]
async fn call_without_client_keeps_extensions_until_it_ends_sec_3() {
    let (begun, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, ends) = (Arc::clone(&begun), Arc::clone(&ended));
    // The handler does not take the request, so the request is dropped when it runs.
    let serve = async move || {
        begins.notify_one();
        ends.notified().await;
    };
    let config = IdempotencyConfig::default();
    let store = Arc::new(MemoryStore::new(&config));
    let router = with_keys(Router::new().fallback(any(serve)), config, store);
    let charge = Arc::new(());
    let mut request = order();
    request.extensions_mut().insert(Arc::clone(&charge));
    tokio::select! {
        _ = router.oneshot(request) => panic!("the call waits"),
        () = begun.notified() => {}
    }
    assert_eq!(Arc::strong_count(&charge), 2);
    ended.notify_one();
    while Arc::strong_count(&charge) > 1 {
        tokio::task::yield_now().await;
    }
}

/// Counts the responses that are recorded without the deadline of the request.
struct DeadlineStore(MemoryStore, Arc<AtomicUsize>);

impl IdempotencyStore for DeadlineStore {
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        lifetimes: Lifetimes,
    ) -> StoreFuture<'a, KeyState> {
        self.0.begin(key, fingerprint, lifetimes)
    }

    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        response: RecordedResponse,
        ttl: Duration,
    ) -> StoreFuture<'a, ()> {
        let deadline = context::current().unwrap().deadline();
        self.1
            .fetch_add(usize::from(deadline.is_none()), Ordering::SeqCst);
        self.0.finish(key, token, response, ttl)
    }

    fn settle<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        outcome: CallOutcome,
        ttl: Duration,
    ) -> StoreFuture<'a, ()> {
        self.0.settle(key, token, outcome, ttl)
    }
}

#[tokio::test]
async fn records_outcome_without_deadline_of_request_api_6() {
    let config = IdempotencyConfig::default();
    let recorded = Arc::new(AtomicUsize::new(0));
    let store = DeadlineStore(MemoryStore::new(&config), Arc::clone(&recorded));
    let handler = async || {
        assert!(context::current().unwrap().deadline().is_some());
        "done"
    };
    let router = with_keys(
        Router::new().fallback(any(handler)),
        config,
        Arc::new(store),
    );
    let context = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"))
        .with_deadline(Deadline::after(Duration::from_secs(60)));
    let response = context::scope(Arc::new(context), router.oneshot(order())).await;
    assert_eq!(response.unwrap().status(), StatusCode::OK);
    assert_eq!(recorded.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn calls_run_in_tasks_of_the_service_life_5() {
    let (sender, mut spawned) = tokio::sync::mpsc::unbounded_channel();
    let config = IdempotencyConfig::default();
    let store = Arc::new(MemoryStore::new(&config));
    let router = Router::new()
        .fallback(any(async || "done"))
        .layer(IdempotencyLayer::new(config, store, move |call| {
            sender.send(call).unwrap();
        }));
    let (response, ()) = tokio::join!(router.oneshot(order()), async {
        spawned.recv().await.unwrap().await;
    });
    assert_eq!(response.unwrap().status(), StatusCode::OK);
}
