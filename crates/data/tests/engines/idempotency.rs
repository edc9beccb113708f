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
        RecordedAnswer, ScopedKey, conformance,
    },
};
use seaworthy_core::{
    ByteSize,
    effects::{self, Effects, Outcome},
};
use seaworthy_data::{
    DataErrorKind, Database, DatabaseStore, IDEMPOTENCY_MIGRATIONS, Migrator, TransactionOptions,
    Value, sql,
};
use seaworthy_telemetry::metrics::Metrics;

use crate::test_database::{TestDatabase, add, ids};

const RUN: Duration = Duration::from_secs(60);
/// The run time and the retention.
const LIFETIMES: Lifetimes = Lifetimes {
    timeout: RUN,
    ttl: RUN,
};
const REQUEST: Fingerprint = Fingerprint([1; 32]);
const OTHER: Fingerprint = Fingerprint([2; 32]);

async fn migrated(test_database: &TestDatabase) -> Database {
    let database = test_database.open().await;
    let migrator = Migrator::new(&database, &[IDEMPOTENCY_MIGRATIONS]);
    migrator.up(false).await.unwrap();
    database
}

async fn store(test_database: &TestDatabase, config: &IdempotencyConfig) -> DatabaseStore {
    DatabaseStore::new(migrated(test_database).await, config)
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

async fn begin(store: &DatabaseStore, text: &str) -> KeyState {
    let key = ScopedKey::new(text);
    store.begin(&key, REQUEST, LIFETIMES).await.unwrap()
}

async fn token(store: &DatabaseStore, text: &str) -> u64 {
    match begin(store, text).await {
        KeyState::Claimed(token) => token,
        other => panic!("{other:?}"),
    }
}

async fn finish(store: &DatabaseStore, text: &str, token: u64, body: &'static str, keep: Duration) {
    let key = ScopedKey::new(text);
    let finished = store.finish(&key, token, answer(body), keep);
    finished.await.unwrap();
}

pub(crate) async fn response_survives_restart_api_6(test_database: TestDatabase) {
    let config = IdempotencyConfig::default();
    let first = store(&test_database, &config).await;
    let token = token(&first, "a").await;
    assert!(matches!(begin(&first, "a").await, KeyState::Running));
    finish(&first, "a", token, "made", RUN).await;
    let second = store(&test_database, &config).await;
    let KeyState::Answered(found) = begin(&second, "a").await else {
        panic!("the answer is lost");
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

pub(crate) async fn full_store_evicts_responses_and_no_running_calls_api_6(
    test_database: TestDatabase,
) {
    let config = IdempotencyConfig {
        max_entries: 3,
        max_memory: ByteSize::kibibytes(1),
        ..IdempotencyConfig::default()
    };
    let store = store(&test_database, &config).await;
    for number in 0..10 {
        let text = format!("k{number}");
        let token = token(&store, &text).await;
        let keep = RUN + Duration::from_secs(number);
        finish(&store, &text, token, "made", keep).await;
    }
    assert!(matches!(begin(&store, "k9").await, KeyState::Answered(_)));
    assert!(matches!(begin(&store, "k0").await, KeyState::Claimed(_)));
    for text in ["x", "y"] {
        token(&store, text).await;
    }
    let full = store.begin(&ScopedKey::new("z"), REQUEST, LIFETIMES).await;
    assert_eq!(full.unwrap_err().reason(), "IDEMPOTENCY_STORE_FULL");
}

pub(crate) async fn response_above_store_size_is_not_kept_api_6(test_database: TestDatabase) {
    let config = IdempotencyConfig {
        max_memory: ByteSize::bytes(80),
        ..IdempotencyConfig::default()
    };
    let store = store(&test_database, &config).await;
    let token = token(&store, "a").await;
    finish(&store, "a", token, "made", RUN).await;
    // The outcome is kept without the response.
    assert!(matches!(begin(&store, "a").await, KeyState::AnswerNotKept));
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
            .settle(&key, token, CallOutcome::Unproven, RUN)
            .await
            .unwrap();
        match begin(&store, text).await {
            KeyState::AnswerNotKept => assert!(commits),
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
        KeyState::AnswerNotKept
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
            found => break assert!(matches!(found, KeyState::AnswerNotKept), "{found:?}"),
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

pub(crate) async fn caller_with_many_keys_evicts_no_answer_of_another_api_6(
    test_database: TestDatabase,
) {
    let config = IdempotencyConfig {
        max_entries: 5,
        ..IdempotencyConfig::default()
    };
    let store = store(&test_database, &config).await;
    let send = async |share: &str, text: &str| {
        let key = ScopedKey::new(text).with_share(share);
        let begun = store.begin(&key, REQUEST, LIFETIMES).await.unwrap();
        if let KeyState::Claimed(token) = begun {
            let finished = store.finish(&key, token, answer("made"), RUN);
            finished.await.unwrap();
        }
        begun
    };
    send("mine", "m").await;
    for number in 0..20 {
        send("greedy", &format!("k{number}")).await;
    }
    assert!(matches!(send("mine", "m").await, KeyState::Answered(_)));
    assert!(matches!(send("greedy", "k19").await, KeyState::Answered(_)));
    assert!(matches!(send("greedy", "k0").await, KeyState::Claimed(_)));
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

pub(crate) async fn committed_transaction_that_reads_is_no_change_api_6(
    test_database: TestDatabase,
) {
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
        let settled = store.settle(&key, token, CallOutcome::Unproven, RUN);
        settled.await.unwrap();
        assert!(
            matches!(begin(&store, text).await, KeyState::Claimed(_)),
            "{text}"
        );
    }
}

pub(crate) async fn full_table_is_not_counted_for_each_key_api_6(test_database: TestDatabase) {
    /// Rows of as many callers.
    const ENTRIES: i64 = 1_000;
    const KEYS: i64 = 50;
    migrated(&test_database).await;
    let metrics = Metrics::new();
    let builder = Database::builder("counted", test_database.config()).metrics(&metrics);
    let database = builder.open().await.unwrap();
    let far = i64::MAX / 2;
    for page in 0..10 {
        let rows = (0..ENTRIES / 10).map(|row| {
            let row = page * ENTRIES / 10 + row;
            let answered = |value: i64| Value::from(value);
            [
                Value::from(format!("digest {row}")),
                Value::from(format!("share {row}")),
                answered(1),
                Value::from(&[1_u8; 32][..]),
                answered(1),
                answered(far + row),
                answered(1),
                answered(201),
                answered(100),
            ]
        });
        sql("INSERT INTO idempotency_keys (digest, share, token, fingerprint, run_ends_ms, ends_ms, outcome, status, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)**")
            .bind_rows(rows)
            .execute(&database)
            .await
            .unwrap();
    }
    let config = IdempotencyConfig {
        max_entries: ENTRIES.try_into().unwrap(),
        ..IdempotencyConfig::default()
    };
    let store = DatabaseStore::new(database.clone(), &config);
    let selects = metrics.counter(
        "database_statements_total",
        "",
        &[
            ("name", "counted"),
            ("operation", "SELECT"),
            ("outcome", "OK"),
        ],
    );
    let before = selects.get();
    for number in 0..KEYS {
        let key = ScopedKey::new(&format!("k{number}")).with_share(&format!("new {number}"));
        let begun = store.begin(&key, REQUEST, LIFETIMES).await.unwrap();
        assert!(matches!(begun, KeyState::Claimed(_)), "{begun:?}");
    }
    // Each key looks itself up. One in eleven makes room, in four statements.
    let used = selects.get() - before;
    assert!(used < 3 * KEYS.unsigned_abs(), "{used} statements");
    let (rows,): (i64,) = sql("SELECT count(*) FROM idempotency_keys")
        .fetch_one(&database)
        .await
        .unwrap();
    assert!((ENTRIES - 20..=ENTRIES).contains(&rows), "{rows} rows");
}
