use std::time::Duration;

use futures::future::try_join_all;
use seaworthy_contract::{
    axum::http::{HeaderMap, HeaderValue, StatusCode, header},
    idempotency::{
        Begun, Fingerprint, IdempotencyConfig, IdempotencyStore as _, RecordedAnswer, ScopedKey,
    },
};
use seaworthy_core::ByteSize;
use seaworthy_data::{Database, DatabaseStore, IDEMPOTENCY_MIGRATIONS, Migrator};

use crate::server::Server;

const RUN: Duration = Duration::from_secs(60);
const REQUEST: Fingerprint = Fingerprint([1; 32]);
const OTHER: Fingerprint = Fingerprint([2; 32]);

async fn migrated(server: &Server) -> Database {
    let database = server.open().await;
    let migrator = Migrator::new(&database, &[IDEMPOTENCY_MIGRATIONS]);
    migrator.up(false).await.unwrap();
    database
}

async fn store(server: &Server, config: &IdempotencyConfig) -> DatabaseStore {
    DatabaseStore::new(migrated(server).await, config)
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

async fn begin(store: &DatabaseStore, text: &str) -> Begun {
    let key = ScopedKey::new(text);
    store.begin(&key, REQUEST, RUN).await.unwrap()
}

async fn token(store: &DatabaseStore, text: &str) -> u64 {
    match begin(store, text).await {
        Begun::New(token) => token,
        other => panic!("{other:?}"),
    }
}

async fn finish(store: &DatabaseStore, text: &str, token: u64, body: &'static str, keep: Duration) {
    let key = ScopedKey::new(text);
    let finished = store.finish(&key, token, answer(body), keep);
    finished.await.unwrap();
}

pub(crate) async fn an_answer_is_known_to_the_next_process_api_6(server: Server) {
    let config = IdempotencyConfig::default();
    let first = store(&server, &config).await;
    let token = token(&first, "a").await;
    assert!(matches!(begin(&first, "a").await, Begun::Running));
    finish(&first, "a", token, "made", RUN).await;
    let second = store(&server, &config).await;
    let Begun::Answered(found) = begin(&second, "a").await else {
        panic!("the answer is lost");
    };
    let expected = answer("made");
    assert_eq!(
        (found.status, found.headers, found.body),
        (expected.status, expected.headers, expected.body)
    );
    let other = second.begin(&ScopedKey::new("a"), OTHER, RUN).await;
    assert!(matches!(other.unwrap(), Begun::Mismatch));
}

pub(crate) async fn of_many_callers_at_once_one_runs_api_6(server: Server) {
    let store = store(&server, &IdempotencyConfig::default()).await;
    // Each in a task of its own, as requests are.
    let all = (0..16).map(|_| {
        let (store, same) = (store.clone(), ScopedKey::new(&"long ".repeat(100)));
        tokio::spawn(async move { store.begin(&same, REQUEST, RUN).await.unwrap() })
    });
    let all = try_join_all(all).await.unwrap();
    let new = all.iter().filter(|begun| matches!(begun, Begun::New(_)));
    assert_eq!(new.count(), 1, "{all:?}");
}

pub(crate) async fn a_key_is_free_after_its_time_and_its_late_owner_changes_nothing_api_6(
    server: Server,
) {
    let store = store(&server, &IdempotencyConfig::default()).await;
    let key = ScopedKey::new("a");
    let begun = store.begin(&key, REQUEST, Duration::ZERO);
    let Begun::New(late) = begun.await.unwrap() else {
        panic!("nobody has this key");
    };
    let token = token(&store, "a").await;
    assert_ne!(late, token);
    finish(&store, "a", late, "late", RUN).await;
    assert!(matches!(begin(&store, "a").await, Begun::Running));
    finish(&store, "a", token, "now", Duration::ZERO).await;
    assert!(matches!(begin(&store, "a").await, Begun::New(_)));
}

pub(crate) async fn a_key_that_was_given_back_is_free_api_6(server: Server) {
    let store = store(&server, &IdempotencyConfig::default()).await;
    let token = token(&store, "a").await;
    store.abandon(&ScopedKey::new("a"), token);
    while matches!(begin(&store, "a").await, Begun::Running) {
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn answers_make_room_and_running_requests_do_not_api_6(server: Server) {
    let config = IdempotencyConfig {
        most_entries: 3,
        memory_limit: ByteSize::kibibytes(1),
        ..IdempotencyConfig::default()
    };
    let store = store(&server, &config).await;
    for number in 0..10 {
        let text = format!("k{number}");
        let token = token(&store, &text).await;
        let keep = RUN + Duration::from_secs(number);
        finish(&store, &text, token, "made", keep).await;
    }
    assert!(matches!(begin(&store, "k9").await, Begun::Answered(_)));
    assert!(matches!(begin(&store, "k0").await, Begun::New(_)));
    for text in ["x", "y"] {
        token(&store, text).await;
    }
    let full = store.begin(&ScopedKey::new("z"), REQUEST, RUN).await;
    assert_eq!(full.unwrap_err().reason(), "IDEMPOTENCY_STORE_FULL");
}

pub(crate) async fn an_answer_that_is_too_large_for_the_store_is_not_kept_api_6(server: Server) {
    let config = IdempotencyConfig {
        memory_limit: ByteSize::bytes(80),
        ..IdempotencyConfig::default()
    };
    let store = store(&server, &config).await;
    let token = token(&store, "a").await;
    finish(&store, "a", token, "made", RUN).await;
    assert!(matches!(begin(&store, "a").await, Begun::New(_)));
}
