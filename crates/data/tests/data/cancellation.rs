//! Drops futures of the database at every await. Each leaves a consistent state and leaks nothing
//! (DATA-3).

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use seaworthy_core::Timeout;
use seaworthy_data::{
    Connection as _, DataError, Database, DatabaseConfig, DatabaseLeases, Engine, LEASE_MIGRATIONS,
    Migration, MigrationSet, Migrator, sql,
};
use seaworthy_service::lease::{Lease, LeaseConfig};
use seaworthy_telemetry::metrics::{Gauge, Metrics};
use seaworthy_testkit::cancellation::{DropPoint, at_every_await};
use tokio::time::{Instant, sleep};

use crate::test_database::{TestDatabase, add, ids};

/// The time limit for any wait, on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The row that all work changes, so that a leaked lock is detected.
const SHARED_ROW: i64 = 1;

/// A database whose gauges can be read.
pub(crate) struct Subject {
    pub(crate) database: Database,
    open: Gauge,
    in_use: Gauge,
    idle: Gauge,
    next: AtomicI64,
}

impl Subject {
    pub(crate) async fn new(test_database: &TestDatabase) -> Self {
        Self::with(test_database.open().await, test_database.config()).await
    }

    async fn with(first: Database, mut config: DatabaseConfig) -> Self {
        add(&first, SHARED_ROW).await;
        drop(first);
        let metrics = Metrics::new();
        config.pool.max_connections = 3.try_into().unwrap();
        // Every use of a connection pings it first.
        config.pool.validate_after_idle = Timeout::from_millis(1);
        let builder = Database::builder("test", config).metrics(&metrics);
        let gauge = |name| metrics.gauge(name, "", &[("name", "test")]);
        Self {
            database: builder.open().await.unwrap(),
            open: gauge("database_pool_open"),
            in_use: gauge("database_pool_in_use"),
            idle: gauge("database_pool_idle"),
            next: AtomicI64::new(100),
        }
    }

    /// Returns the first of ten numbers that only this run uses.
    pub(crate) fn rows(&self) -> i64 {
        self.next.fetch_add(10, Ordering::SeqCst)
    }

    /// Returns the first of the ten numbers of the last run.
    pub(crate) fn last_row(&self) -> i64 {
        self.next.load(Ordering::SeqCst) - 10
    }

    /// Returns which of the ten rows of the last run exist.
    pub(crate) async fn last_rows(&self) -> Vec<i64> {
        let first = self.last_row();
        let all = ids(&self.database).await.into_iter();
        all.filter(|id| *id >= first).map(|id| id - first).collect()
    }

    /// Checks that the next transaction can write, all connections return and the gauges agree.
    pub(crate) async fn is_whole(&self) {
        self.database
            .transaction(|tx| async move { touch(&tx).await })
            .await
            .unwrap();
        let end = Instant::now() + TIMEOUT;
        while self.in_use.get() != 0 || self.open.get() != self.idle.get() {
            let gauges = (self.open.get(), self.in_use.get(), self.idle.get());
            assert!(Instant::now() < end, "{gauges:?}");
            sleep(Duration::from_millis(1)).await;
        }
        assert!((0..=3).contains(&self.open.get()), "{}", self.open.get());
    }
}

pub(crate) async fn touch(connection: &dyn seaworthy_data::Connection) -> Result<(), DataError> {
    let done = sql("UPDATE symbols SET places = COALESCE(places, 0) + 1 WHERE id = ?")
        .bind(SHARED_ROW)
        .execute(connection)
        .await?;
    assert_eq!(done.rows_affected(), 1);
    Ok(())
}

pub(crate) async fn insert(
    connection: &dyn seaworthy_data::Connection,
    id: i64,
) -> Result<(), DataError> {
    let insert = sql("INSERT INTO symbols (id, label) VALUES (?, ?)");
    let insert = insert.bind(id).bind(format!("label {id}"));
    insert.execute(connection).await.map(drop)
}

pub(crate) async fn transaction_is_all_or_nothing_when_dropped_data_3(test_database: TestDatabase) {
    let subject = Subject::new(&test_database).await;
    let work = async || {
        let first = subject.rows();
        subject
            .database
            .transaction(|tx| async move {
                touch(&tx).await?;
                insert(&tx, first).await?;
                tx.transaction(|inner| async move { insert(&inner, first + 1).await })
                    .await?;
                insert(&tx, first + 2).await
            })
            .await
    };
    for point in DropPoint::ALL {
        let completed = at_every_await(point, work, async |number| {
            subject.is_whole().await;
            let rows = subject.last_rows().await;
            assert!(
                rows.is_empty() || rows == [0, 1, 2],
                "{point:?} at {number}: {rows:?}"
            );
        });
        let completed = completed.await;
        completed.output.unwrap();
        assert!(completed.drops > 0);
        assert_eq!(subject.last_rows().await, [0, 1, 2]);
        subject.is_whole().await;
    }
}

pub(crate) async fn explicit_transaction_is_all_or_nothing_when_dropped_data_3(
    test_database: TestDatabase,
) {
    let subject = Subject::new(&test_database).await;
    let work = async || {
        let first = subject.rows();
        let tx = subject.database.begin().await?;
        touch(&tx).await?;
        insert(&tx, first).await?;
        insert(&tx, first + 1).await?;
        tx.commit().await
    };
    for point in DropPoint::ALL {
        let completed = at_every_await(point, work, async |number| {
            subject.is_whole().await;
            let rows = subject.last_rows().await;
            assert!(
                rows.is_empty() || rows == [0, 1],
                "{point:?} at {number}: {rows:?}"
            );
        });
        completed.await.output.unwrap();
        assert_eq!(subject.last_rows().await, [0, 1]);
    }
}

pub(crate) async fn savepoint_is_undone_alone_when_dropped_data_3(test_database: TestDatabase) {
    let subject = Arc::new(Subject::new(&test_database).await);
    for point in DropPoint::ALL {
        for number in 1.. {
            let first = subject.rows();
            let mut is_complete = false;
            let outer = async {
                let tx = subject.database.begin().await?;
                insert(&tx, first).await?;
                let nested = tx.transaction(|inner| async move {
                    insert(&inner, first + 1).await?;
                    insert(&inner, first + 2).await
                });
                let dropped = seaworthy_testkit::cancellation::drop_at(point, number, nested);
                is_complete = dropped.await.transpose()?.is_some();
                insert(&tx, first + 3).await?;
                tx.commit().await
            };
            let committed = outer.await;
            let rows = subject.last_rows().await;
            match committed {
                // If the commit's result is unknown, the transaction is rolled back.
                Err(_) => assert!(rows.is_empty(), "{point:?} at {number}: {rows:?}"),
                Ok(()) if is_complete => assert_eq!(rows, [0, 1, 2, 3]),
                Ok(()) => assert_eq!(rows, [0, 3], "{point:?} at {number}"),
            }
            subject.is_whole().await;
            if is_complete {
                break;
            }
        }
    }
}

pub(crate) async fn dropped_statement_is_never_committed_in_part_data_3(
    test_database: TestDatabase,
) {
    let subject = Subject::new(&test_database).await;
    for point in DropPoint::ALL {
        for number in 1.. {
            let first = subject.rows();
            let tx = subject.database.begin().await.unwrap();
            insert(&tx, first).await.unwrap();
            // The insert fails and the future is dropped, so the error is lost.
            let twice = insert(&tx, first);
            let seen = seaworthy_testkit::cancellation::drop_at(point, number, twice).await;
            let after = insert(&tx, first + 1).await;
            let committed = tx.commit().await;
            let rows = subject.last_rows().await;
            // A future that is dropped before its statement was sent has no effect.
            let expected: &[i64] = if committed.is_ok() { &[0, 1] } else { &[] };
            assert_eq!(rows, expected, "{point:?} at {number}");
            assert_eq!(after.is_ok(), committed.is_ok());
            subject.is_whole().await;
            if seen.is_some() {
                assert!(committed.is_err());
                break;
            }
        }
    }
}

pub(crate) async fn lease_is_free_or_held_when_dropped_work_2(test_database: TestDatabase) {
    let subject = Subject::new(&test_database).await;
    let migrator = Migrator::new(&subject.database, &[LEASE_MIGRATIONS]);
    migrator.up(false).await.unwrap();
    let config = LeaseConfig {
        duration: Timeout::from_millis(200),
        poll_interval: Timeout::from_millis(10),
    };
    let lease = || {
        let leases = Arc::new(DatabaseLeases::new(subject.database.clone()));
        Lease::new(leases, "report", config.clone())
    };
    let work = async || {
        let lease = lease();
        let mut grant = lease.acquire().await;
        let done = grant
            .run(async {
                sleep(Duration::from_millis(150)).await;
                touch(&subject.database).await
            })
            .await;
        grant.release().await;
        done
    };
    for point in DropPoint::ALL {
        at_every_await(point, work, async |_| {
            // The task that renews the lease ends with the work.
            lease().acquire().await.release().await;
            subject.is_whole().await;
        })
        .await;
    }
}

const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "drops",
    &[Migration::new(
        1,
        "drops",
        "CREATE TABLE drops_one (id {bigint} NOT NULL PRIMARY KEY);
         CREATE TABLE drops_two (id {bigint} NOT NULL PRIMARY KEY)",
        "DROP TABLE drops_one; DROP TABLE drops_two",
    )],
);

pub(crate) async fn migration_is_applied_whole_when_dropped_data_2(test_database: TestDatabase) {
    let subject = Subject::new(&test_database).await;
    // MariaDB commits each change of a table by itself.
    if subject.database.engine() == Engine::MySql {
        return;
    }
    let migrator = Migrator::new(&subject.database, &[MIGRATIONS]);
    // Each run waits until the previous run's lock is released, so one point is enough.
    for point in [DropPoint::Woken] {
        let completed = at_every_await(
            point,
            || migrator.up(false),
            async |number| {
                subject.is_whole().await;
                let pending = migrator.verify().await.is_err();
                let is_there = sql("SELECT count(*) FROM drops_two")
                    .fetch_one::<(i64,)>(&subject.database)
                    .await
                    .is_ok();
                assert_ne!(pending, is_there, "{point:?} at {number}");
            },
        );
        completed.await.output.unwrap();
        migrator.verify().await.unwrap();
        sql("DROP TABLE drops_one")
            .execute(&subject.database)
            .await
            .unwrap();
        sql("DROP TABLE drops_two")
            .execute(&subject.database)
            .await
            .unwrap();
        sql("DROP TABLE schema_history_drops")
            .execute(&subject.database)
            .await
            .unwrap();
    }
}
