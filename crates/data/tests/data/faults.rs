//! Servers that crash under load, and full disks.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use seaworthy_core::Timeout;
use seaworthy_data::{DataErrorKind, Database, DatabaseConfig, sql};
use seaworthy_testkit::{mariadb::MariadbServer, postgres::PostgresServer, requirement::required};

/// Crashes the server under load. Checks that committed rows are stored and the service recovers.
async fn survives(database: Database, mut kill: impl FnMut(), mut restart: impl FnMut()) {
    sql("CREATE TABLE rows_of_load (id BIGINT NOT NULL PRIMARY KEY)")
        .execute(&database)
        .await
        .unwrap();
    let next = Arc::new(AtomicI64::new(1));
    let stop = Arc::new(AtomicBool::new(false));
    let committed = Arc::new(Mutex::new(BTreeSet::new()));
    let kinds = Arc::new(Mutex::new(BTreeSet::new()));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (database, next, stop) = (database.clone(), Arc::clone(&next), Arc::clone(&stop));
            let (committed, kinds) = (Arc::clone(&committed), Arc::clone(&kinds));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    let written = database
                        .transaction(|tx| async move {
                            let insert = sql("INSERT INTO rows_of_load (id) VALUES (?)").bind(id);
                            insert.execute(&tx).await
                        })
                        .await;
                    match written {
                        Ok(_) => drop(committed.lock().insert(id)),
                        Err(error) => {
                            kinds.lock().insert(error.kind().reason());
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    }
                }
            })
        })
        .collect();
    let reached = async |count: usize| {
        let end = Instant::now() + Duration::from_secs(60);
        while committed.lock().len() < count {
            assert!(
                Instant::now() < end,
                "{} of {count}: {:?}",
                committed.lock().len(),
                kinds.lock()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    for _ in 0..2 {
        let before = committed.lock().len();
        reached(before + 50).await;
        kill();
        let end = Instant::now() + Duration::from_secs(60);
        while kinds.lock().is_empty() || !kinds.lock().contains("CIRCUIT_OPEN") {
            assert!(
                Instant::now() < end,
                "the breaker follows: {:?}",
                kinds.lock()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        restart();
        let before = committed.lock().len();
        let back = Instant::now();
        reached(before + 50).await;
        // An open breaker without probes stays open for 30 s.
        assert!(
            back.elapsed() < Duration::from_secs(25),
            "{:?}",
            back.elapsed()
        );
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    let rows: Vec<(i64,)> = sql("SELECT id FROM rows_of_load")
        .fetch_all(&database)
        .await
        .unwrap();
    let there: BTreeSet<i64> = rows.into_iter().map(|(id,)| id).collect();
    let lost: Vec<_> = committed.lock().difference(&there).copied().collect();
    assert!(lost.is_empty(), "{lost:?}");
    let allowed = [
        "CONNECTION_LOST",
        "OUTCOME_UNKNOWN",
        "CONNECTION_FAILED",
        "CIRCUIT_OPEN",
        "TRANSACTION_ENDED",
        "POOL_EXHAUSTED",
    ];
    for kind in kinds.lock().iter() {
        assert!(allowed.contains(kind), "{kind}");
    }
}

fn config(url: &str) -> DatabaseConfig {
    let mut config = DatabaseConfig::from_url(url.parse().unwrap());
    config.pool.acquire_timeout = Timeout::from_millis(500);
    config.max_rows = 1_000_000.try_into().unwrap();
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn service_recovers_when_postgres_crashes_under_load_res_1() {
    let Some(programs) = required("SEAWORTHY_TEST_POSTGRES") else {
        return;
    };
    let server = PostgresServer::start_with(programs, &["max_connections=100"]).unwrap();
    let url = server.database("faults").unwrap();
    let database = Database::builder("test", config(&url))
        .open()
        .await
        .unwrap();
    let server = Mutex::new(server);
    survives(
        database,
        || server.lock().kill(),
        || server.lock().restart().unwrap(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn service_recovers_when_mariadb_crashes_under_load_res_1() {
    let Some(program) = required("SEAWORTHY_TEST_MARIADB") else {
        return;
    };
    let server = MariadbServer::start_with(program, &["--max-connections=100"]).unwrap();
    let url = server.database("faults").unwrap();
    let database = Database::builder("test", config(&url))
        .open()
        .await
        .unwrap();
    let server = Mutex::new(server);
    survives(
        database,
        || server.lock().kill(),
        || server.lock().restart().unwrap(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disk_rolls_back_until_space_is_free_data_3() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("full.db").display());
    let mut config = config(&url);
    config.pool.max_connections = 1.try_into().unwrap();
    let database = Database::builder("test", config).open().await.unwrap();
    sql("CREATE TABLE blobs (id BIGINT PRIMARY KEY, raw BLOB)")
        .execute(&database)
        .await
        .unwrap();
    sql("PRAGMA max_page_count = 20")
        .execute(&database)
        .await
        .unwrap();
    let write = async |id: i64, size: usize| {
        database
            .transaction(|tx| async move {
                let insert = sql("INSERT INTO blobs (id, raw) VALUES (?, ?)");
                insert.bind(id).bind(vec![7_u8; size]).execute(&tx).await
            })
            .await
    };
    write(1, 1_000).await.unwrap();
    let error = write(2, 1_000_000).await.unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::DiskFull, "{error}");
    write(3, 1_000).await.unwrap();
    sql("PRAGMA max_page_count = 100000")
        .execute(&database)
        .await
        .unwrap();
    write(2, 1_000_000).await.unwrap();
    let rows: Vec<(i64,)> = sql("SELECT id FROM blobs ORDER BY id")
        .fetch_all(&database)
        .await
        .unwrap();
    assert_eq!(rows, [(1,), (2,), (3,)]);
}
