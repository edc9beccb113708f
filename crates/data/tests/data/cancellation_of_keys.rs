//! Drops futures of the idempotency store at every await (API-6).

use std::{sync::Arc, time::Duration};

use seaworthy_contract::{
    axum::http::{HeaderMap, StatusCode},
    idempotency::{
        CallOutcome, Fingerprint, IdempotencyConfig, IdempotencyStore as _, KeyState, Lifetimes,
        RecordedResponse, ScopedKey,
    },
};
use seaworthy_core::effects::{self, Effects};
use seaworthy_data::{DataError, DatabaseStore, IDEMPOTENCY_MIGRATIONS, Migrator};
use seaworthy_testkit::cancellation::{DropPoint, at_every_await};

use crate::{
    cancellation::{Subject, insert, touch},
    test_database::TestDatabase,
};

const TTL: Duration = Duration::from_secs(60);
const REQUEST: Fingerprint = Fingerprint([1; 32]);

/// A store, and its database.
async fn store(test_database: &TestDatabase) -> (Subject, DatabaseStore) {
    let subject = Subject::new(test_database).await;
    let migrator = Migrator::new(&subject.database, &[IDEMPOTENCY_MIGRATIONS]);
    migrator.up(false).await.unwrap();
    let store = DatabaseStore::new(subject.database.clone(), &IdempotencyConfig::default());
    (subject, store)
}

/// A key that only this run uses.
fn key(subject: &Subject) -> ScopedKey {
    ScopedKey::new(&subject.rows().to_string())
}

/// The key of the last run.
fn last_key(subject: &Subject) -> ScopedKey {
    ScopedKey::new(&subject.last_row().to_string())
}

async fn begin(store: &DatabaseStore, key: &ScopedKey, run: Duration) -> KeyState {
    let lifetimes = Lifetimes {
        timeout: run,
        ttl: TTL,
    };
    store.begin(key, REQUEST, lifetimes).await.unwrap()
}

async fn token(store: &DatabaseStore, key: &ScopedKey) -> u64 {
    match begin(store, key, TTL).await {
        KeyState::Claimed(token) => token,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn key_is_free_or_running_when_begin_is_dropped_api_6(
    test_database: TestDatabase,
) {
    let (subject, store) = store(&test_database).await;
    let work = async || {
        let key = key(&subject);
        begin(&store, &key, Duration::ZERO).await
    };
    for point in DropPoint::ALL {
        let completed = at_every_await(point, work, async |number| {
            subject.is_whole().await;
            let key = last_key(&subject);
            // A key that the dropped future took is free when the time to run has passed.
            loop {
                match begin(&store, &key, TTL).await {
                    KeyState::Claimed(_) => break,
                    KeyState::Running => tokio::task::yield_now().await,
                    other => panic!("{point:?} at {number}: {other:?}"),
                }
            }
        });
        assert!(completed.await.drops > 0);
    }
}

pub(crate) async fn response_is_kept_whole_or_not_when_finish_is_dropped_api_6(
    test_database: TestDatabase,
) {
    let (subject, store) = store(&test_database).await;
    let work = async || {
        let key = key(&subject);
        let token = token(&store, &key).await;
        let answer = RecordedResponse {
            status: StatusCode::CREATED,
            headers: HeaderMap::new(),
            body: "made".into(),
        };
        store.finish(&key, token, answer, TTL).await.unwrap();
    };
    for point in DropPoint::ALL {
        let completed = at_every_await(point, work, async |number| {
            subject.is_whole().await;
            match begin(&store, &last_key(&subject), TTL).await {
                KeyState::Claimed(_) | KeyState::Running => {}
                KeyState::Completed(answer) => assert_eq!(answer.body, "made"),
                other => panic!("{point:?} at {number}: {other:?}"),
            }
        });
        assert!(completed.await.drops > 0);
    }
}

pub(crate) async fn change_and_its_mark_are_one_when_a_call_is_dropped_api_6(
    test_database: TestDatabase,
) {
    let (subject, store) = store(&test_database).await;
    for point in DropPoint::ALL {
        for number in 1.. {
            let row = subject.rows();
            let key = ScopedKey::new(&row.to_string());
            let token = token(&store, &key).await;
            let participant = store.participant(&key, token).unwrap();
            let effects = Arc::new(Effects::new().with_participant(participant));
            let call = effects::scope(effects, async {
                subject
                    .database
                    .transaction(|tx| async move {
                        touch(&tx).await?;
                        insert(&tx, row).await
                    })
                    .await
            });
            let call = seaworthy_testkit::cancellation::drop_at(point, number, call);
            let completed: Option<Result<(), DataError>> = call.await;
            subject.is_whole().await;
            let settled = store.settle(&key, token, CallOutcome::Failed, TTL);
            settled.await.unwrap();
            let is_there = subject.last_rows().await == [0];
            match begin(&store, &key, TTL).await {
                KeyState::ResponseNotStored => assert!(is_there, "{point:?} at {number}"),
                KeyState::Claimed(_) => assert!(!is_there, "{point:?} at {number}"),
                other => panic!("{point:?} at {number}: {other:?}"),
            }
            if let Some(completed) = completed {
                completed.unwrap();
                assert!(is_there);
                break;
            }
        }
    }
}
