use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures::future::try_join_all;
use seaworthy_contract::{
    axum::http::{HeaderMap, HeaderValue, StatusCode, header},
    idempotency::{
        CallOutcome, Fingerprint, IdempotencyConfig, IdempotencyStore as _, KeyState, Lifetimes,
        RecordedResponse, ScopedKey, conformance,
    },
};
use seaworthy_core::effects::{self, Effects, Outcome};
use seaworthy_data::{
    DataErrorKind, Database, DatabaseStore, IDEMPOTENCY_MIGRATIONS, Migrator, TransactionOptions,
    sql,
};

use crate::test_database::{TestDatabase, add, ids};

pub(crate) const RUN: Duration = Duration::from_secs(60);
/// The run time and the retention.
pub(crate) const LIFETIMES: Lifetimes = Lifetimes {
    timeout: RUN,
    ttl: RUN,
};
pub(crate) const REQUEST: Fingerprint = Fingerprint([1; 32]);
const OTHER: Fingerprint = Fingerprint([2; 32]);

pub(crate) async fn migrated(test_database: &TestDatabase) -> Database {
    let database = test_database.open().await;
    let migrator = Migrator::new(&database, &[IDEMPOTENCY_MIGRATIONS]);
    migrator.up(false).await.unwrap();
    database
}

pub(crate) async fn store(
    test_database: &TestDatabase,
    config: &IdempotencyConfig,
) -> DatabaseStore {
    DatabaseStore::new(migrated(test_database).await, config)
}

pub(crate) fn answer(body: &'static str) -> RecordedResponse {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, HeaderValue::from_static("/orders/1: a"));
    headers.append(header::VARY, HeaderValue::from_bytes(b"caf\xe9").unwrap());
    headers.append(header::VARY, HeaderValue::from_static(""));
    RecordedResponse {
        status: StatusCode::CREATED,
        headers,
        body: body.into(),
    }
}

pub(crate) async fn begin(store: &DatabaseStore, text: &str) -> KeyState {
    let key = ScopedKey::new(text);
    store.begin(&key, REQUEST, LIFETIMES).await.unwrap()
}

pub(crate) async fn token(store: &DatabaseStore, text: &str) -> u64 {
    match begin(store, text).await {
        KeyState::Claimed(token) => token,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn finish(
    store: &DatabaseStore,
    text: &str,
    token: u64,
    body: &'static str,
    ttl: Duration,
) {
    let key = ScopedKey::new(text);
    let finished = store.finish(&key, token, answer(body), ttl);
    finished.await.unwrap();
}

pub(crate) async fn response_survives_restart_api_6(test_database: TestDatabase) {
    let config = IdempotencyConfig::default();
    let first = store(&test_database, &config).await;
    let token = token(&first, "a").await;
    assert!(matches!(begin(&first, "a").await, KeyState::Running));
    finish(&first, "a", token, "made", RUN).await;
    let second = store(&test_database, &config).await;
    let KeyState::Completed(found) = begin(&second, "a").await else {
        panic!("the reply is lost");
    };
    let expected = answer("made");
    assert_eq!(
        (found.status, found.headers, found.body),
        (expected.status, expected.headers, expected.body)
    );
    let other = second.begin(&ScopedKey::new("a"), OTHER, LIFETIMES).await;
    assert!(matches!(other.unwrap(), KeyState::Mismatch));
}

pub(crate) async fn one_of_many_concurrent_calls_runs_api_6(test_database: TestDatabase) {
    let store = store(&test_database, &IdempotencyConfig::default()).await;
    // Each call has its own task, as requests have.
    let all = (0..16).map(|_| {
        let (store, same) = (store.clone(), ScopedKey::new(&"long ".repeat(100)));
        tokio::spawn(async move { store.begin(&same, REQUEST, LIFETIMES).await.unwrap() })
    });
    let all = try_join_all(all).await.unwrap();
    let new = all
        .iter()
        .filter(|begun| matches!(begun, KeyState::Claimed(_)));
    assert_eq!(new.count(), 1, "{all:?}");
}

pub(crate) async fn late_call_changes_nothing_after_key_expired_api_6(test_database: TestDatabase) {
    let store = store(&test_database, &IdempotencyConfig::default()).await;
    let key = ScopedKey::new("a");
    let lifetimes = Lifetimes {
        timeout: Duration::ZERO,
        ttl: RUN,
    };
    let begun = store.begin(&key, REQUEST, lifetimes);
    let KeyState::Claimed(late) = begun.await.unwrap() else {
        panic!("the key is free");
    };
    let token = token(&store, "a").await;
    assert_ne!(late, token);
    finish(&store, "a", late, "late", RUN).await;
    assert!(matches!(begin(&store, "a").await, KeyState::Running));
    finish(&store, "a", token, "now", Duration::ZERO).await;
    assert!(matches!(begin(&store, "a").await, KeyState::Claimed(_)));
}

pub(crate) async fn settled_key_without_change_is_free_api_6(test_database: TestDatabase) {
    let store = store(&test_database, &IdempotencyConfig::default()).await;
    let token = token(&store, "a").await;
    let key = ScopedKey::new("a");
    store
        .settle(&key, token, CallOutcome::Unchanged, RUN)
        .await
        .unwrap();
    assert!(matches!(begin(&store, "a").await, KeyState::Claimed(_)));
}

/// Runs `call` as the layer does.
async fn as_call<F: Future>(store: &DatabaseStore, text: &str, token: u64, call: F) -> F::Output {
    let participant = store.participant(&ScopedKey::new(text), token).unwrap();
    let effects = Effects::new().with_participant(participant);
    effects::scope(Arc::new(effects), call).await
}

pub(crate) async fn committed_call_without_an_answer_is_done_api_6(test_database: TestDatabase) {
    let store = store(&test_database, &IdempotencyConfig::default()).await;
    let database = test_database.open().await;
    let other = store.database();
    for (text, commits) in [("committed", true), ("rolled back", false)] {
        let token = token(&store, text).await;
        as_call(&store, text, token, async {
            let id = i64::from(commits);
            let tx = other.begin().await.unwrap();
            add(&tx, id).await;
            if commits {
                tx.commit().await.unwrap();
            } else {
                tx.rollback().await.unwrap();
            }
        })
        .await;
        let key = ScopedKey::new(text);
        store
            .settle(&key, token, CallOutcome::Failed, RUN)
            .await
            .unwrap();
        match begin(&store, text).await {
            KeyState::ResponseNotStored => assert!(commits),
            KeyState::Claimed(_) => assert!(!commits),
            found => panic!("{found:?}"),
        }
    }
    // A single statement is a transaction too.
    let token = token(&store, "alone").await;
    as_call(&store, "alone", token, add(other, 7)).await;
    let key = ScopedKey::new("alone");
    let settled = store.settle(&key, token, CallOutcome::Unchanged, RUN);
    settled.await.unwrap();
    assert!(matches!(
        begin(&store, "alone").await,
        KeyState::ResponseNotStored
    ));
    assert_eq!(ids(&database).await, [1, 7]);
}

pub(crate) async fn call_of_a_dead_process_is_done_if_it_committed_api_6(
    test_database: TestDatabase,
) {
    let store = store(&test_database, &IdempotencyConfig::default()).await;
    test_database.open().await;
    let key = ScopedKey::new("a");
    let lifetimes = Lifetimes {
        timeout: Duration::from_millis(1),
        ttl: RUN,
    };
    let KeyState::Claimed(token) = store.begin(&key, REQUEST, lifetimes).await.unwrap() else {
        panic!("the key is free");
    };
    as_call(&store, "a", token, add(store.database(), 1)).await;
    loop {
        match begin(&store, "a").await {
            KeyState::Running => tokio::task::yield_now().await,
            found => break assert!(matches!(found, KeyState::ResponseNotStored), "{found:?}"),
        }
    }
}

pub(crate) async fn call_that_lost_its_key_commits_nothing_api_6(test_database: TestDatabase) {
    let store = store(&test_database, &IdempotencyConfig::default()).await;
    let database = test_database.open().await;
    let key = ScopedKey::new("a");
    let lifetimes = Lifetimes {
        timeout: Duration::ZERO,
        ttl: RUN,
    };
    let KeyState::Claimed(late) = store.begin(&key, REQUEST, lifetimes).await.unwrap() else {
        panic!("the key is free");
    };
    let next = loop {
        match begin(&store, "a").await {
            KeyState::Claimed(next) => break next,
            _ => tokio::task::yield_now().await,
        }
    };
    assert_ne!(late, next);
    let committed = as_call(&store, "a", late, async {
        let tx = store.database().begin().await.unwrap();
        add(&tx, 1).await;
        tx.commit().await
    });
    let error = committed.await.unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::TransactionFailed);
    as_call(&store, "a", next, add(store.database(), 2)).await;
    assert_eq!(ids(&database).await, [2]);
}

pub(crate) async fn database_store_behaves_as_every_store_api_6(test_database: TestDatabase) {
    let store = store(&test_database, &IdempotencyConfig::default()).await;
    let database = store.database().clone();
    let next = Arc::new(AtomicI64::new(1));
    let change: conformance::Change = Arc::new(move || {
        let (database, id) = (database.clone(), next.fetch_add(1, Ordering::SeqCst));
        Box::pin(async move { add(&database, id).await })
    });
    conformance::check(Arc::new(store), change).await.unwrap();
}

pub(crate) async fn committed_read_transaction_is_not_a_change_api_6(test_database: TestDatabase) {
    let store = store(&test_database, &IdempotencyConfig::default()).await;
    for (text, options) in [
        ("read", TransactionOptions::new()),
        ("read only", TransactionOptions::new().read_only()),
    ] {
        let token = token(&store, text).await;
        let key = ScopedKey::new(text);
        let participant = store.participant(&key, token).unwrap();
        let effects = Arc::new(Effects::new().with_participant(participant));
        effects::scope(Arc::clone(&effects), async {
            let tx = store.database().begin_with(options).await.unwrap();
            let _: Vec<(i64,)> = sql("SELECT id FROM symbols").fetch_all(&tx).await.unwrap();
            tx.commit().await.unwrap();
        })
        .await;
        assert_eq!(effects.outcome(), Outcome::Unchanged);
        let settled = store.settle(&key, token, CallOutcome::Failed, RUN);
        settled.await.unwrap();
        assert!(
            matches!(begin(&store, text).await, KeyState::Claimed(_)),
            "{text}"
        );
    }
}
