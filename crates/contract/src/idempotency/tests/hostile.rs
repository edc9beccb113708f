//! Sends any byte that HTTP admits in idempotency keys and in the credentials that scope them.

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Body, extract::Request, http::HeaderValue, routing::any};
use proptest::prelude::*;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::idempotency::{IdempotencyConfig, IdempotencyLayer, MemoryStore};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
});

fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = (b' '..=u8::MAX).prop_filter("DEL is not allowed", |byte| *byte != 0x7f);
    prop_oneof![
        3 => prop::collection::vec(byte.clone(), 0..20),
        1 => prop::collection::vec(byte, 250..300),
        3 => Just(b"key-1".to_vec()),
        1 => Just(b"\"key-1\"".to_vec()),
        1 => Just(Vec::new()),
    ]
}

/// A service that counts its executions.
fn counting() -> (Router, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let config = IdempotencyConfig::default();
    let store = Arc::new(MemoryStore::new(&config));
    let router = Router::new()
        .fallback(any(async move || {
            counted.fetch_add(1, Ordering::SeqCst);
        }))
        .layer(IdempotencyLayer::new(config, store, |call| {
            drop(tokio::spawn(call));
        }));
    (router, calls)
}

fn send(router: &Router, keys: &[Vec<u8>], credentials: &[Vec<u8>]) -> u16 {
    let mut request = Request::post("/orders").body(Body::from("{}")).unwrap();
    for (name, values) in [("idempotency-key", keys), ("authorization", credentials)] {
        for value in values {
            let value = HeaderValue::from_bytes(value).unwrap();
            request.headers_mut().append(name, value);
        }
    }
    let response = RUNTIME.block_on(router.clone().oneshot(request)).unwrap();
    response.status().as_u16()
}

proptest! {
    #[test]
    fn hostile_keys_are_rejected_or_repeat_one_response_api_6(
        keys in prop::collection::vec(value(), 0..3)
    ) {
        let (router, calls) = counting();
        let statuses = [send(&router, &keys, &[]), send(&router, &keys, &[])];
        let ran = calls.load(Ordering::SeqCst);
        match (keys.len(), statuses) {
            (0, [200, 200]) => prop_assert_eq!(ran, 2),
            (1, [200, 200]) => prop_assert_eq!(ran, 1),
            (1 | 2, [400, 400]) => prop_assert_eq!(ran, 0),
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn repeats_responses_only_to_same_credentials_api_6(
        one in prop::collection::vec(value(), 0..3),
        other in prop::collection::vec(value(), 0..3),
    ) {
        let (router, calls) = counting();
        let key = [b"key-1".to_vec()];
        send(&router, &key, &one);
        send(&router, &key, &other);
        let ran = calls.load(Ordering::SeqCst);
        // An empty value means an anonymous caller, like a missing header.
        let named = |values: &[Vec<u8>]| match values {
            [only] if only.is_empty() => Vec::new(),
            values => values.to_vec(),
        };
        prop_assert_eq!(ran, if named(&one) == named(&other) { 1 } else { 2 });
    }
}
