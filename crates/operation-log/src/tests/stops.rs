//! Calls that a stop aborts.

use std::{
    future::pending,
    io::Write as _,
    net::TcpStream,
    sync::{Arc, OnceLock},
    time::Instant,
};

use axum::response::Response;
use seaworthy_config::Loader;
use seaworthy_contract::idempotency::{IdempotencyConfig, IdempotencyLayer, MemoryStore};
use seaworthy_data::{Database, DatabaseConfig, sql};
use seaworthy_http::Routes;
use seaworthy_service::{NoSettings, RunningService, Service, StopOutcome};
use seaworthy_testkit::{database::EmptyDatabase, eventually};
use tokio::sync::Notify;

use super::{change_as_user, grpc, has_user_and_change, new_context};
use crate::{
    MIGRATIONS, Operation, OperationLog, OperationLogConfig,
    outcome::Outcome,
    record::{CallEnd, CallStart},
    store::Entry,
};

fn config(empty: &EmptyDatabase) -> DatabaseConfig {
    DatabaseConfig {
        migrate_at_start: true,
        ..DatabaseConfig::from_url(empty.url().parse().unwrap())
    }
}

/// Starts a service that closes its database at the stop. Its routes read idempotency keys.
async fn start(empty: &EmptyDatabase, routes: Routes) -> (RunningService, OperationLog) {
    let started = OnceLock::new();
    let loader = Loader::for_tests("accounts").overrides([
        "lifecycle.request_timeout=50ms",
        "lifecycle.worker_timeout=50ms",
        "lifecycle.pool_timeout=50ms",
    ]);
    let service = Service::new("accounts", "1.0.0")
        .start::<NoSettings, _>(loader, async |service| {
            let database =
                Database::connect(service, "database", &config(empty), &[MIGRATIONS]).await?;
            let (config, descriptors) = (OperationLogConfig::enabled(), grpc::descriptors());
            let log = OperationLog::start(service, &database, &config, &descriptors)?;
            assert!(started.set(log).is_ok());
            let config = IdempotencyConfig::default();
            let store = Arc::new(MemoryStore::new(&config));
            let tasks = service.tasks().clone();
            let keys = IdempotencyLayer::new(config, store, move |call| {
                drop(tasks.spawn("call with an idempotency key", call));
            });
            service.http(routes.layer(keys));
            Ok(())
        })
        .await
        .unwrap();
    (service, started.into_inner().unwrap())
}

#[tokio::test]
async fn keyed_call_that_a_stop_aborts_is_cancelled_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let changed = Arc::new(Notify::new());
    let wait = {
        let changed = Arc::clone(&changed);
        async move || {
            change_as_user();
            changed.notify_one();
            pending::<Response>().await
        }
    };
    let (service, _log) = start(&empty, Routes::new().post("/wait", wait)).await;
    let mut client = TcpStream::connect(service.addresses().http).unwrap();
    let request = "POST /wait HTTP/1.1\r\nhost: localhost\r\nidempotency-key: 7\r\ncontent-length: 2\r\n\r\n{}";
    client.write_all(request.as_bytes()).unwrap();
    changed.notified().await;
    assert!(matches!(service.stop().await, StopOutcome::Aborted(_)));
    let database = Database::builder("test", config(&empty));
    let database = database.open().await.unwrap();
    let stored = sql("SELECT * FROM operation_logs");
    let stored: Vec<Operation> = stored.fetch_all(&database).await.unwrap();
    let [entry] = &stored[..] else {
        panic!("{stored:?}");
    };
    assert!(has_user_and_change(entry), "{entry:?}");
    assert_eq!(
        (entry.status, entry.result.as_str()),
        (Some(499), "CANCELLED")
    );
}

#[tokio::test]
async fn end_that_a_stop_aborts_is_counted_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, log) = start(&empty, Routes::new()).await;
    let [operation, target, path] = ["POST", "/users", "/users"].map(str::to_owned);
    let start = CallStart::new(&new_context(), operation, target, path);
    let entry = Entry::new(&log, start);
    log.store_start(&entry).await;
    let database = Database::builder("test", config(&empty));
    let tx = database.open().await.unwrap().begin().await.unwrap();
    let lock = sql("UPDATE operation_logs SET target = target");
    lock.execute(&tx).await.unwrap();
    let outcome = Outcome::of_response(&Response::default()).unwrap();
    let end = CallEnd::default().with_outcome(outcome, Instant::now());
    log.spawn_store_end(&entry, end);
    drop(entry);
    assert!(matches!(service.stop().await, StopOutcome::Aborted(_)));
    eventually(async || log.dropped().get() == 1).await;
    tx.rollback().await.unwrap();
}
