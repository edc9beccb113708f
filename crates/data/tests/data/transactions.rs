use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use seaworthy_data::{Connection as _, DataError, DataErrorKind, Database, Engine, sql};
use tokio::{sync::Barrier, time::timeout};

use crate::test_database::{TestDatabase, add, ids};

async fn eventually_none(database: &Database) {
    // The rollback of the dropped transaction runs in the background. A writer waits for its locks.
    add(database, 99).await;
    assert_eq!(ids(database).await, [99]);
}

pub(crate) async fn transaction_commits_on_success_and_rolls_back_on_error_data_3(
    test_database: TestDatabase,
) {
    let database = test_database.open().await;
    let count: i64 = database
        .transaction(|tx| async move {
            add(&tx, 1).await;
            add(&tx, 2).await;
            let (count,) = sql("SELECT count(*) FROM symbols").fetch_one(&tx).await?;
            Ok::<i64, DataError>(count)
        })
        .await
        .unwrap();
    assert_eq!(count, 2);
    let failed: Result<(), DataError> = database
        .transaction(|tx| async move {
            add(&tx, 3).await;
            sql("SELECT nothing FROM nowhere").execute(&tx).await?;
            Ok(())
        })
        .await;
    assert_eq!(failed.unwrap_err().kind(), DataErrorKind::InvalidStatement);
    let tx = database.begin().await.unwrap();
    add(&tx, 4).await;
    tx.commit().await.unwrap();
    let tx = database.begin().await.unwrap();
    add(&tx, 5).await;
    tx.rollback().await.unwrap();
    assert_eq!(ids(&database).await, [1, 2, 4]);
}

pub(crate) async fn dropped_transaction_is_rolled_back_data_3(test_database: TestDatabase) {
    let database = test_database.open().await;
    let tx = database.begin().await.unwrap();
    add(&tx, 1).await;
    let other = tx.clone();
    drop(tx);
    add(&other, 2).await;
    drop(other);
    eventually_none(&database).await;
}

pub(crate) async fn panic_rolls_back_data_3(test_database: TestDatabase) {
    let database = test_database.open().await;
    let panicking = database.clone();
    let task = tokio::spawn(async move {
        let _: Result<(), DataError> = panicking
            .transaction(|tx| async move {
                add(&tx, 1).await;
                panic!("in the middle");
            })
            .await;
    });
    assert!(task.await.unwrap_err().is_panic());
    eventually_none(&database).await;
}

pub(crate) async fn cancelled_transaction_is_rolled_back_data_3(test_database: TestDatabase) {
    let database = test_database.open().await;
    let (begun, mut waiting) = tokio::sync::mpsc::channel(1);
    let cancelled = database.clone();
    let task = tokio::spawn(async move {
        let _: Result<(), DataError> = cancelled
            .transaction(|tx| {
                let begun = begun.clone();
                async move {
                    add(&tx, 1).await;
                    // A clone in another task does not keep the transaction open.
                    let kept = tx.clone();
                    begun.send(kept).await.unwrap();
                    std::future::pending().await
                }
            })
            .await;
    });
    let kept = waiting.recv().await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let error = sql("SELECT id FROM symbols").execute(&kept).await;
    assert_eq!(error.unwrap_err().kind(), DataErrorKind::TransactionEnded);
    drop(kept);
    eventually_none(&database).await;
}

pub(crate) async fn nested_transaction_is_rolled_back_alone_data_3(test_database: TestDatabase) {
    let database = test_database.open().await;
    database
        .transaction(|tx| async move {
            add(&tx, 1).await;
            let failed: Result<(), DataError> = tx
                .transaction(|inner| async move {
                    add(&inner, 2).await;
                    sql("INSERT INTO symbols (id, label) VALUES (1, 'twice')")
                        .execute(&inner)
                        .await?;
                    Ok(())
                })
                .await;
            assert!(failed.unwrap_err().is_unique_violation());
            tx.transaction(|inner| async move {
                add(&inner, 3).await;
                let deeper: Result<(), DataError> = inner
                    .transaction(|deeper| async move {
                        add(&deeper, 4).await;
                        Err(DataError::from(InvalidUrl))
                    })
                    .await;
                assert!(deeper.is_err());
                Ok::<_, DataError>(())
            })
            .await?;
            // A dropped nested transaction is rolled back before the next statement.
            let dropped = tx.transaction(|inner| async move {
                add(&inner, 5).await;
                std::future::pending::<Result<(), DataError>>().await
            });
            let _ = tokio::time::timeout(std::time::Duration::from_millis(200), dropped).await;
            add(&tx, 6).await;
            Ok::<_, DataError>(())
        })
        .await
        .unwrap();
    assert_eq!(ids(&database).await, [1, 3, 6]);
}

pub(crate) async fn failed_statement_allows_only_rollback_data_3(test_database: TestDatabase) {
    let database = test_database.open().await;
    let tx = database.begin().await.unwrap();
    add(&tx, 1).await;
    let twice = sql("INSERT INTO symbols (id, label) VALUES (1, 'twice')");
    assert!(twice.execute(&tx).await.unwrap_err().is_unique_violation());
    let after = sql("SELECT id FROM symbols").execute(&tx).await;
    assert_eq!(after.unwrap_err().kind(), DataErrorKind::TransactionFailed);
    let commit = tx.commit().await;
    assert_eq!(commit.unwrap_err().kind(), DataErrorKind::TransactionFailed);
    assert!(ids(&database).await.is_empty());
}

pub(crate) async fn hooks_run_only_after_commit(test_database: TestDatabase) {
    let database = test_database.open().await;
    let (ran, undone) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    database
        .transaction(|tx| {
            let (ran, undone) = (Arc::clone(&ran), Arc::clone(&undone));
            async move {
                add(&tx, 1).await;
                let counted = Arc::clone(&ran);
                tx.on_commit(move || {
                    counted.fetch_add(1, Ordering::SeqCst);
                });
                let nested: Result<(), DataError> = tx
                    .transaction(|inner| async move {
                        inner.on_commit(move || {
                            undone.fetch_add(1, Ordering::SeqCst);
                        });
                        Err(DataError::from(InvalidUrl))
                    })
                    .await;
                assert!(nested.is_err());
                assert_eq!(ran.load(Ordering::SeqCst), 0);
                Ok::<_, DataError>(())
            }
        })
        .await
        .unwrap();
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    assert_eq!(undone.load(Ordering::SeqCst), 0);
}

use seaworthy_data::InvalidDatabaseUrl as InvalidUrl;

pub(crate) async fn transaction_runs_again_after_deadlock_data_3(test_database: TestDatabase) {
    let database = test_database.open().await;
    add(&database, 1).await;
    add(&database, 2).await;
    let (both, runs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let change = |first: i64, second: i64| {
        let (database, both, runs) = (database.clone(), Arc::clone(&both), Arc::clone(&runs));
        async move {
            let changed: Result<(), DataError> = database
                .transaction(|tx| {
                    let (both, runs) = (Arc::clone(&both), Arc::clone(&runs));
                    async move {
                        runs.fetch_add(1, Ordering::SeqCst);
                        let raise = |id: i64| {
                            sql("UPDATE symbols SET places = COALESCE(places, 0) + 1 WHERE id = ?")
                                .bind(id)
                        };
                        raise(first).execute(&tx).await?;
                        // Both hold one row and wait for the other. On SQLite, and in a retry, only
                        // one waits.
                        let _ = timeout(Duration::from_millis(500), both.wait()).await;
                        raise(second).execute(&tx).await.map(drop)
                    }
                })
                .await;
            changed
        }
    };
    let (one, other) = tokio::join!(tokio::spawn(change(1, 2)), tokio::spawn(change(2, 1)));
    one.unwrap().unwrap();
    other.unwrap().unwrap();
    let places: Vec<(i64,)> = sql("SELECT places FROM symbols ORDER BY id")
        .fetch_all(&database)
        .await
        .unwrap();
    assert_eq!(places, [(2,), (2,)], "each change is there once");
    let runs = runs.load(Ordering::SeqCst);
    if database.engine() == Engine::Sqlite {
        assert_eq!(runs, 2, "writes of SQLite wait for each other");
    } else {
        // The loser can lock its row before the winner wakes, and lose a second time.
        assert!(runs >= 3, "the loser ran again");
    }
}
