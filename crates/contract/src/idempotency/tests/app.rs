use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router, body::Body, extract::Request, http::StatusCode, response::IntoResponse, routing::any,
};
use bytes::Bytes;
use http_body_util::BodyExt;
use seaworthy_core::{RequestContext, ServiceIdentity, context, effects::Attempt};
use tokio::sync::Notify;
use tower::ServiceExt;

use crate::idempotency::{IdempotencyConfig, IdempotencyLayer, IdempotencyStore, MemoryStore};

/// A service that counts its calls. Its paths determine its responses.
pub(super) struct TestApp {
    pub(super) router: Router,
    calls: Arc<AtomicUsize>,
    pub(super) store: Arc<MemoryStore>,
    /// Ends one call of `/slow`.
    pub(super) gate: Arc<Notify>,
}

/// Adds the layer to a router. Calls run as tasks of the test's runtime.
pub(super) fn with_keys(
    router: Router,
    config: IdempotencyConfig,
    store: Arc<dyn IdempotencyStore>,
) -> Router {
    router.layer(IdempotencyLayer::new(config, store, |call| {
        drop(tokio::spawn(call));
    }))
}

/// The context of a request from an address.
pub(super) fn request_from(address: &str) -> RequestContext {
    RequestContext::background(ServiceIdentity::new("orders", "1.0.0"))
        .with_client_address(address.parse().unwrap())
}

impl TestApp {
    pub(super) fn new() -> Self {
        Self::with_config(IdempotencyConfig::default())
    }

    pub(super) fn with_config(config: IdempotencyConfig) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Notify::new());
        let store = Arc::new(MemoryStore::new(&config));
        let (counted, opened) = (Arc::clone(&calls), Arc::clone(&gate));
        let serve = move |request: Request| {
            let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
            let gate = Arc::clone(&opened);
            async move { respond(request.uri().path(), number, &gate).await }
        };
        let router = Router::new().fallback(any(serve));
        Self {
            router: with_keys(router, config, store.clone()),
            calls,
            store,
            gate,
        }
    }

    /// How many calls have begun.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Waits until a call has begun.
    pub(super) async fn called(&self) {
        while self.calls() == 0 {
            tokio::task::yield_now().await;
        }
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: &str,
    ) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("idempotency-key", key)
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Sends a request in a context, and returns the body of the response.
    pub(super) async fn send_in(&self, context: RequestContext, request: Request) -> Bytes {
        let router = self.router.clone();
        context::scope(Arc::new(context), async move {
            let response = router.oneshot(request).await.unwrap();
            response.into_body().collect().await.unwrap().to_bytes()
        })
        .await
    }

    /// Asserts that a repeat is rejected with a reason and does not run.
    pub(super) async fn rejects_repeat(&self, path: &str, reason: &str) {
        let calls = self.calls();
        let (status, text) = self.send("POST", path, "k1", "").await;
        assert_eq!(status, StatusCode::CONFLICT, "{path}");
        assert!(text.contains(reason), "{path}: {text}");
        assert_eq!(self.calls(), calls);
    }
}

async fn respond(path: &str, number: usize, gate: &Notify) -> axum::response::Response {
    match path {
        "/slow" => gate.notified().await,
        "/panic" => panic!("the service fell over"),
        "/changed" => Attempt::begin().succeed(),
        "/sent" => drop(Attempt::begin()),
        "/undone" => Attempt::begin().fail(),
        "/stream" => {
            let parts = ["one ", "two"].map(Ok::<_, Infallible>);
            let stream = Body::from_stream(futures::stream::iter(parts));
            return (StatusCode::CREATED, stream).into_response();
        }
        _ => {}
    }
    let status = match path {
        "/fail" | "/changed" | "/sent" | "/undone" => StatusCode::SERVICE_UNAVAILABLE,
        "/500" => StatusCode::INTERNAL_SERVER_ERROR,
        "/502" => StatusCode::BAD_GATEWAY,
        "/504" => StatusCode::GATEWAY_TIMEOUT,
        "/bad" => StatusCode::BAD_REQUEST,
        "/forbidden" => StatusCode::FORBIDDEN,
        _ => StatusCode::CREATED,
    };
    let headers = [("location", "/orders/1"), ("x-call", "1")];
    (status, headers, format!("call {number}")).into_response()
}
