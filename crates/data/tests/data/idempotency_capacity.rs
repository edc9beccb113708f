//! Limits of the idempotency store and its eviction (API-6).

use std::time::Duration;

use seaworthy_contract::idempotency::{
    IdempotencyConfig, IdempotencyStore as _, KeyState, ScopedKey,
};
use seaworthy_core::ByteSize;
use seaworthy_data::{Database, DatabaseStore, Value, sql};
use seaworthy_telemetry::metrics::Metrics;

use crate::{
    idempotency::{LIFETIMES, REQUEST, RUN, answer, begin, finish, migrated, store, token},
    test_database::TestDatabase,
};

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
    assert!(matches!(begin(&store, "k9").await, KeyState::Completed(_)));
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
    assert!(matches!(
        begin(&store, "a").await,
        KeyState::ResponseNotStored
    ));
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
        let key = ScopedKey::new(text).with_owner(share);
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
    assert!(matches!(send("mine", "m").await, KeyState::Completed(_)));
    assert!(matches!(
        send("greedy", "k19").await,
        KeyState::Completed(_)
    ));
    assert!(matches!(send("greedy", "k0").await, KeyState::Claimed(_)));
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
        let key = ScopedKey::new(&format!("k{number}")).with_owner(&format!("new {number}"));
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
