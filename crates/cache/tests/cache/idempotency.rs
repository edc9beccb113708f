//! Idempotency keys in a real Redis (API-6).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{sync::Arc, time::Duration};

use futures::future::try_join_all;
use seaworthy_cache::RedisStore;
use seaworthy_contract::{
    axum::http::{HeaderMap, HeaderValue, StatusCode, header},
    idempotency::{
        CallOutcome, Fingerprint, IdempotencyStore as _, KeyState, Lifetimes, RecordedResponse,
        ScopedKey, conformance,
    },
};
use seaworthy_core::{Code, effects::Attempt};
use seaworthy_redis::{Redis, RedisConfig, redis};
use seaworthy_testkit::{redis::RedisServer, requirement::required};

const RUN: Duration = Duration::from_secs(60);
const REQUEST: Fingerprint = Fingerprint([1; 32]);
const OTHER: Fingerprint = Fingerprint([2; 32]);

fn server() -> Option<RedisServer> {
    let program = required("SEAWORTHY_TEST_REDIS_SERVER")?;
    Some(RedisServer::start(program).unwrap())
}

/// A store with its own connection.
fn store(server: &RedisServer) -> RedisStore {
    let config = RedisConfig {
        url: server.url().parse().unwrap(),
        ..RedisConfig::default()
    };
    RedisStore::new(Redis::new(&config).unwrap(), "orders")
}

fn answer() -> RecordedResponse {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, HeaderValue::from_static("/orders/1: a"));
    headers.append(header::VARY, HeaderValue::from_bytes(b"caf\xe9").unwrap());
    headers.append(header::VARY, HeaderValue::from_static(""));
    RecordedResponse {
        status: StatusCode::CREATED,
        headers,
        body: (&b"\x00made\xff"[..]).into(),
    }
}

/// The key is stored for as long as the request may run.
fn lifetimes(run: Duration) -> Lifetimes {
    Lifetimes {
        timeout: run,
        ttl: run,
    }
}

async fn begin(store: &RedisStore, text: &str, run: Duration) -> KeyState {
    store
        .begin(&ScopedKey::new(text), REQUEST, lifetimes(run))
        .await
        .unwrap()
}

async fn token(store: &RedisStore, text: &str, run: Duration) -> u64 {
    match begin(store, text, run).await {
        KeyState::Claimed(token) => token,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn redis_store_behaves_as_every_store_api_6() {
    let Some(server) = server() else { return };
    let change: conformance::Change = Arc::new(|| Box::pin(async { Attempt::begin().succeed() }));
    conformance::check(Arc::new(store(&server)), change)
        .await
        .unwrap();
}

#[tokio::test]
async fn response_is_shared_by_replicas_api_6() {
    let Some(server) = server() else { return };
    let (first, second, key) = (store(&server), store(&server), ScopedKey::new("a"));
    let token = token(&first, "a", RUN).await;
    assert!(matches!(begin(&second, "a", RUN).await, KeyState::Running));
    first.finish(&key, token, answer(), RUN).await.unwrap();
    let KeyState::Completed(found) = begin(&second, "a", RUN).await else {
        panic!("the response is lost");
    };
    let expected = answer();
    assert_eq!(
        (found.status, found.headers, found.body),
        (expected.status, expected.headers, expected.body)
    );
    let other = second.begin(&key, OTHER, lifetimes(RUN)).await.unwrap();
    assert!(matches!(other, KeyState::Mismatch));
}

#[tokio::test]
async fn one_of_many_concurrent_requests_runs_api_6() {
    let Some(server) = server() else { return };
    let (store, key) = (store(&server), ScopedKey::new("a"));
    let begun = try_join_all((0..32).map(|_| store.begin(&key, REQUEST, lifetimes(RUN))));
    let begun = begun.await.unwrap();
    let new = begun
        .iter()
        .filter(|begun| matches!(begun, KeyState::Claimed(_)));
    assert_eq!(new.count(), 1, "{begun:?}");
}

#[tokio::test]
async fn late_request_changes_nothing_api_6() {
    let Some(server) = server() else { return };
    let (store, key) = (store(&server), ScopedKey::new("a"));
    let late = token(&store, "a", Duration::from_millis(1)).await;
    // The key expires by the clock of the server, and another request gets it.
    let next = loop {
        if let KeyState::Claimed(next) = begin(&store, "a", RUN).await {
            break next;
        }
    };
    store.finish(&key, late, answer(), RUN).await.unwrap();
    assert!(matches!(begin(&store, "a", RUN).await, KeyState::Running));
    let not_done = |token| store.settle(&key, token, CallOutcome::Unchanged, RUN);
    not_done(late).await.unwrap();
    assert!(matches!(begin(&store, "a", RUN).await, KeyState::Running));
    not_done(next).await.unwrap();
    assert!(matches!(
        begin(&store, "a", RUN).await,
        KeyState::Claimed(_)
    ));
}

#[tokio::test]
async fn unknown_outcome_keeps_key_api_6() {
    let Some(server) = server() else { return };
    let store = store(&server);
    for (text, ending) in [
        ("unknown", CallOutcome::Failed),
        ("done", CallOutcome::Changed),
    ] {
        let token = token(&store, text, RUN).await;
        let key = ScopedKey::new(text);
        store.settle(&key, token, ending, RUN).await.unwrap();
        let found = begin(&store, text, RUN).await;
        match ending {
            CallOutcome::Changed => {
                assert!(matches!(found, KeyState::ResponseNotStored), "{found:?}")
            }
            _ => assert!(matches!(found, KeyState::OutcomeUnknown), "{found:?}"),
        }
    }
    // A process that crashed.
    let died = Lifetimes {
        timeout: Duration::from_millis(1),
        ttl: RUN,
    };
    let key = ScopedKey::new("died");
    let begun = store.begin(&key, REQUEST, died).await.unwrap();
    assert!(matches!(begun, KeyState::Claimed(_)));
    loop {
        match begin(&store, "died", RUN).await {
            KeyState::Running => tokio::task::yield_now().await,
            found => {
                assert!(matches!(found, KeyState::OutcomeUnknown), "{found:?}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn redis_key_contains_no_text_of_caller_obs_3() {
    let Some(server) = server() else { return };
    token(&store(&server), "Bearer secret", RUN).await;
    let config = RedisConfig {
        url: server.url().parse().unwrap(),
        ..RedisConfig::default()
    };
    let mut all = redis::cmd("KEYS");
    let redis = Redis::new(&config).unwrap();
    let keys: Vec<String> = redis.request(all.arg("*")).await.unwrap();
    let [key] = keys.as_slice() else {
        panic!("{keys:?}");
    };
    assert!(
        key.starts_with("orders:idempotency:") && !key.contains("secret"),
        "{key}"
    );
}

#[tokio::test]
async fn request_with_key_is_rejected_without_redis_api_6() {
    let Some(server) = server() else { return };
    let store = store(&server);
    token(&store, "a", RUN).await;
    drop(server);
    let error = store
        .begin(&ScopedKey::new("b"), REQUEST, lifetimes(RUN))
        .await;
    assert_eq!(error.unwrap_err().code(), Code::Unavailable);
}
