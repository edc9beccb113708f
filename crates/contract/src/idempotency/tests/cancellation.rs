//! Drops the client's request and the call at every await.

use std::{
    cell::Cell,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router, body::Body, extract::Request, http::StatusCode, response::Response, routing::any,
};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture};
use http_body_util::BodyExt as _;
use seaworthy_testkit::cancellation::{DropPoint, at_every_await};
use tokio::{sync::mpsc, task::yield_now};
use tower::ServiceExt as _;

use super::app::with_keys;
use crate::idempotency::{IdempotencyConfig, IdempotencyLayer, IdempotencyStore, MemoryStore};

/// Reads the body in steps, changes something once, and responds in steps.
fn service(changes: Arc<AtomicUsize>) -> Router {
    let handler = async move |request: Request| {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "order");
        yield_now().await;
        changes.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
        "ordered"
    };
    Router::new().fallback(any(handler))
}

/// A request whose body arrives in two chunks, with a pause between them.
fn order(key: usize) -> Request {
    let chunks = futures::stream::iter(["or", "der"]).then(async |chunk| {
        yield_now().await;
        Ok::<_, Infallible>(chunk)
    });
    Request::post("/orders")
        .header("idempotency-key", format!("k{key}"))
        .body(Body::from_stream(Box::pin(chunks)))
        .unwrap()
}

async fn text(response: Response) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn dropped_request_runs_at_most_once_and_repeat_gets_response_api_6() {
    for point in DropPoint::ALL {
        let changes = Arc::new(AtomicUsize::new(0));
        let config = IdempotencyConfig::default();
        let store = Arc::new(MemoryStore::new(&config));
        let router = with_keys(service(Arc::clone(&changes)), config, store);
        let key = Cell::new(0);
        let send = || {
            key.set(key.get() + 1);
            router.clone().oneshot(order(key.get()))
        };
        let repeat_until_response = async |_| {
            loop {
                let response = router.clone().oneshot(order(key.get())).await.unwrap();
                if response.status() != StatusCode::CONFLICT {
                    break assert_eq!(text(response).await, "ordered");
                }
                yield_now().await;
            }
            assert_eq!(changes.load(Ordering::SeqCst), key.get());
        };
        let completed = at_every_await(point, send, repeat_until_response).await;
        assert!(completed.drops >= 3, "{}", completed.drops);
        assert_eq!(text(completed.output.unwrap()).await, "ordered");
    }
}

#[tokio::test(start_paused = true)]
async fn repeat_of_dropped_call_is_rejected_api_6() {
    for point in DropPoint::ALL {
        let changes = Arc::new(AtomicUsize::new(0));
        let (sender, mut calls) = mpsc::unbounded_channel::<BoxFuture<'static, ()>>();
        let config = IdempotencyConfig::default();
        let (timeout, store) = (config.timeout, Arc::new(MemoryStore::new(&config)));
        let layer = IdempotencyLayer::new(
            config,
            Arc::clone(&store) as Arc<dyn IdempotencyStore>,
            move |call| {
                sender.send(call).unwrap();
            },
        );
        let router = service(Arc::clone(&changes)).layer(layer);
        let key = Cell::new(0);
        let send = || {
            key.set(key.get() + 1);
            let mut request = router.clone().oneshot(order(key.get())).boxed();
            let call = loop {
                assert!(
                    request.as_mut().now_or_never().is_none(),
                    "it waits for the call"
                );
                if let Ok(call) = calls.try_recv() {
                    break call;
                }
            };
            async move { tokio::join!(request, call).0 }
        };
        let repeat = async |_| {
            let reason = async || {
                let response = router.clone().oneshot(order(key.get())).await.unwrap();
                text(response).await
            };
            let running = reason().await;
            assert!(
                running.contains("IDEMPOTENCY_KEY_IN_USE") || running == "ordered",
                "{running}"
            );
            tokio::time::advance(timeout + Duration::from_secs(1)).await;
            let ended = reason().await;
            assert!(
                ended.contains("IDEMPOTENT_OUTCOME_UNKNOWN") || ended == "ordered",
                "{ended}"
            );
            assert!(changes.load(Ordering::SeqCst) <= key.get());
        };
        let completed = at_every_await(point, send, repeat).await;
        assert!(completed.drops > 1, "{}", completed.drops);
        assert_eq!(text(completed.output.unwrap()).await, "ordered");
        assert_eq!(store.len(), key.get());
    }
}
