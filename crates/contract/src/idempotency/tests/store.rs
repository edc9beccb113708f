//! The memory store.

use std::{sync::Arc, time::Duration};

use seaworthy_core::{ByteSize, effects::Attempt};

use super::app::TestApp;
use crate::idempotency::{IdempotencyConfig, MemoryStore, conformance};

#[tokio::test]
async fn memory_store_passes_conformance_suite_api_6() {
    let store = Arc::new(MemoryStore::new(&IdempotencyConfig::default()));
    let change: conformance::Change = Arc::new(|| Box::pin(async { Attempt::begin().succeed() }));
    conformance::check(store, change).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn forgets_response_after_its_ttl_api_6() {
    let app = TestApp::with_config(IdempotencyConfig {
        ttl: Duration::from_secs(60),
        ..IdempotencyConfig::default()
    });
    app.send("POST", "/orders", "k1", "").await;
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(app.send("POST", "/orders", "k1", "").await.1, "call 1");
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(app.send("POST", "/orders", "k1", "").await.1, "call 2");
}

#[tokio::test]
async fn store_is_bounded_in_number_and_size_api_6() {
    let few = TestApp::with_config(IdempotencyConfig {
        max_entries: 3,
        ..IdempotencyConfig::default()
    });
    for key in 0..20 {
        few.send("POST", "/orders", &format!("k{key}"), "").await;
    }
    assert_eq!(few.store.len(), 3);
    assert_eq!(few.send("POST", "/orders", "k19", "").await.1, "call 20");
    let small = TestApp::with_config(IdempotencyConfig {
        max_memory: ByteSize::kibibytes(4),
        ..IdempotencyConfig::default()
    });
    for key in 0..20 {
        small.send("POST", "/orders", &format!("k{key}"), "").await;
    }
    assert!(small.store.len() < 8, "{}", small.store.len());
}
