use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use seaworthy_core::ByteSize;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tempfile::TempDir;

use super::SqliteStore;
use crate::idempotency::{
    Begun, Fingerprint, IdempotencyConfig, IdempotencyStore, RecordedAnswer, ScopedKey,
};

const RUN: Duration = Duration::from_secs(60);
const REQUEST: Fingerprint = Fingerprint([1; 32]);
const OTHER: Fingerprint = Fingerprint([2; 32]);

async fn open(folder: &TempDir, config: &IdempotencyConfig) -> SqliteStore {
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("keys.db"))
        .journal_mode(SqliteJournalMode::Wal)
        .create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    SqliteStore::open(pool, config).await.unwrap()
}

fn key(text: &str) -> ScopedKey {
    ScopedKey(text.to_owned())
}

fn answer(body: &'static str) -> RecordedAnswer {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, HeaderValue::from_static("/orders/1: a"));
    headers.append(header::VARY, HeaderValue::from_bytes(b"caf\xe9").unwrap());
    headers.append(header::VARY, HeaderValue::from_static(""));
    RecordedAnswer {
        status: StatusCode::CREATED,
        headers,
        body: body.into(),
    }
}

async fn begin(store: &SqliteStore, text: &str) -> Begun {
    store.begin(&key(text), REQUEST, RUN).await.unwrap()
}

async fn token(store: &SqliteStore, text: &str) -> u64 {
    match begin(store, text).await {
        Begun::New(token) => token,
        other => panic!("{other:?}"),
    }
}

async fn finish(
    store: &SqliteStore,
    text: &str,
    token: u64,
    answer: RecordedAnswer,
    keep: Duration,
) {
    let key = key(text);
    store.finish(&key, token, answer, keep).await.unwrap();
}

#[tokio::test]
async fn an_answer_is_known_after_the_store_was_opened_again_api_6() {
    let folder = tempfile::tempdir().unwrap();
    let config = IdempotencyConfig::default();
    let store = open(&folder, &config).await;
    let token = token(&store, "a").await;
    assert!(matches!(begin(&store, "a").await, Begun::Running));
    finish(&store, "a", token, answer("made"), RUN).await;
    drop(store);
    let store = open(&folder, &config).await;
    let Begun::Answered(found) = begin(&store, "a").await else {
        panic!("the answer is lost");
    };
    let expected = answer("made");
    assert_eq!(
        (found.status, found.headers, found.body),
        (expected.status, expected.headers, expected.body)
    );
    let other = store.begin(&key("a"), OTHER, RUN).await.unwrap();
    assert!(matches!(other, Begun::Mismatch));
}

#[tokio::test]
async fn of_many_callers_at_once_one_runs_api_6() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, &IdempotencyConfig::default()).await;
    let same = key("a");
    let all = (0..16).map(|_| store.begin(&same, REQUEST, RUN));
    let all = futures::future::try_join_all(all).await.unwrap();
    let new = all.iter().filter(|begun| matches!(begun, Begun::New(_)));
    assert_eq!(new.count(), 1);
}

#[tokio::test]
async fn a_key_is_free_after_its_time_and_its_late_owner_changes_nothing_api_6() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, &IdempotencyConfig::default()).await;
    let Begun::New(late) = store
        .begin(&key("a"), REQUEST, Duration::ZERO)
        .await
        .unwrap()
    else {
        panic!("nobody has this key");
    };
    let token = token(&store, "a").await;
    assert_ne!(late, token);
    finish(&store, "a", late, answer("late"), RUN).await;
    assert!(matches!(begin(&store, "a").await, Begun::Running));
    finish(&store, "a", token, answer("now"), Duration::ZERO).await;
    assert!(matches!(begin(&store, "a").await, Begun::New(_)));
}

#[tokio::test]
async fn a_key_that_was_given_back_is_free_api_6() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, &IdempotencyConfig::default()).await;
    let token = token(&store, "a").await;
    store.abandon(&key("a"), token);
    while matches!(begin(&store, "a").await, Begun::Running) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn answers_make_room_and_running_requests_do_not_api_6() {
    let folder = tempfile::tempdir().unwrap();
    let config = IdempotencyConfig {
        most_entries: 3,
        memory_limit: ByteSize::kibibytes(1),
        ..IdempotencyConfig::default()
    };
    let store = open(&folder, &config).await;
    for number in 0..10 {
        let text = format!("k{number}");
        let token = token(&store, &text).await;
        let keep = RUN + Duration::from_secs(number);
        finish(&store, &text, token, answer("made"), keep).await;
    }
    assert!(matches!(begin(&store, "k9").await, Begun::Answered(_)));
    assert!(matches!(begin(&store, "k0").await, Begun::New(_)));
    for text in ["x", "y"] {
        token(&store, text).await;
    }
    let full = store.begin(&key("z"), REQUEST, RUN).await.unwrap_err();
    assert_eq!(full.reason(), "IDEMPOTENCY_STORE_FULL");
}

#[tokio::test]
async fn an_answer_that_is_too_large_for_the_store_is_not_kept_api_6() {
    let folder = tempfile::tempdir().unwrap();
    let config = IdempotencyConfig {
        memory_limit: ByteSize::bytes(40),
        ..IdempotencyConfig::default()
    };
    let store = open(&folder, &config).await;
    let token = token(&store, "a").await;
    finish(&store, "a", token, answer("made"), RUN).await;
    assert!(matches!(begin(&store, "a").await, Begun::New(_)));
}

#[tokio::test]
async fn a_store_that_fails_refuses_and_says_so_api_6() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, &IdempotencyConfig::default()).await;
    store.pool.close().await;
    let error = store.begin(&key("a"), REQUEST, RUN).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (
            seaworthy_core::Code::Unavailable,
            "IDEMPOTENCY_STORE_FAILED"
        )
    );
}
