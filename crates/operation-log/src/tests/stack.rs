//! Calls through the stack of a service, which drops their handlers.

use std::{
    future::pending,
    io::Write as _,
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use axum::response::Response;
use futures::FutureExt as _;
use seaworthy_contract::idempotency::{IdempotencyConfig, IdempotencyLayer, MemoryStore};
use seaworthy_core::{Code, Error};
use seaworthy_http::Routes;
use seaworthy_testkit::{database::EmptyDatabase, eventually, http};
use tokio::{sync::Notify, task::spawn_blocking};

use super::{
    change_as_user, check_outcome, delete_entries, has_user_and_change, only_entry, start_with,
};
use crate::{OperationLog, OperationQuery};

/// A deadline that no call of a test reaches.
const TIMEOUT_MS: u64 = 30_000;

async fn panic_after_a_change() -> Response {
    change_as_user();
    panic!("a fault of the handler")
}

/// Posts to a path, which is also the idempotency key of routes that read one.
async fn post(address: SocketAddr, path: &'static str, timeout_ms: u64) -> u16 {
    let timeout = timeout_ms.to_string();
    let call = move || {
        let headers = [
            ("x-request-timeout-ms", timeout.as_str()),
            ("idempotency-key", path),
        ];
        http::request(address, "POST", path, &headers, "{}")
    };
    spawn_blocking(call).await.unwrap().unwrap().status
}

/// Waits for the entry of a call whose handler has changed an object.
async fn wait_for_change(log: &OperationLog, status: i32, result: &str) {
    eventually(async || {
        let entries = log.page(&OperationQuery::default()).await.unwrap();
        let mut entries = entries.iter().filter(|entry| has_user_and_change(entry));
        entries.any(|entry| entry.status == Some(status) && entry.result == result)
    })
    .await;
}

/// Lets the deadlines of all requests pass.
async fn pass_deadlines() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_millis(TIMEOUT_MS)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn call_that_the_stack_drops_has_its_outcome_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let changed = Arc::new(Notify::new());
    let wait = {
        let changed = Arc::clone(&changed);
        move || async move {
            change_as_user();
            changed.notify_one();
            pending::<Response>().await
        }
    };
    let routes = Routes::new()
        .post("/panic", panic_after_a_change)
        .post("/wait", wait);
    let (service, _database, log) = start_with(&empty, routes).await;
    let address = service.addresses().http;
    assert_eq!(post(address, "/panic", TIMEOUT_MS).await, 500);
    wait_for_change(&log, 500, "INTERNAL").await;
    // A slow machine needs a later deadline, so that the handler runs before it.
    let mut timeout_ms = 100;
    loop {
        assert_eq!(post(address, "/wait", timeout_ms).await, 504);
        if changed.notified().now_or_never().is_some() {
            break;
        }
        timeout_ms *= 2;
    }
    wait_for_change(&log, 504, "DEADLINE_EXCEEDED").await;
    let mut client = TcpStream::connect(address).unwrap();
    let request = "POST /wait HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}";
    client.write_all(request.as_bytes()).unwrap();
    changed.notified().await;
    drop(client);
    wait_for_change(&log, 499, "CANCELLED").await;
    service.stop().await;
}

#[tokio::test]
async fn call_with_a_key_has_the_result_of_its_task_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let changed = Arc::new(Notify::new());
    let timed_out = Arc::new(Notify::new());
    let wait = |respond: fn() -> Result<(), Error>| {
        let (changed, timed_out) = (Arc::clone(&changed), Arc::clone(&timed_out));
        async move || {
            change_as_user();
            changed.notify_one();
            timed_out.notified().await;
            respond()
        }
    };
    let config = IdempotencyConfig::default();
    let store = Arc::new(MemoryStore::new(&config));
    let keys = IdempotencyLayer::new(config, store, |call| drop(tokio::spawn(call)));
    let routes = Routes::new()
        .post("/done", wait(|| Ok(())))
        .post(
            "/taken",
            wait(|| {
                Err(Error::new(
                    Code::Conflict,
                    "NAME_TAKEN",
                    "the name is taken",
                ))
            }),
        )
        .post("/panic", wait(|| panic!("a fault of the handler")))
        .layer(keys);
    let (service, database, log) = start_with(&empty, routes).await;
    for (path, status, result) in [
        ("/done", 200, "ok"),
        ("/taken", 409, "NAME_TAKEN"),
        ("/panic", 500, "INTERNAL"),
    ] {
        let call = tokio::spawn(post(service.addresses().http, path, TIMEOUT_MS));
        changed.notified().await;
        pass_deadlines().await;
        assert_eq!(call.await.unwrap(), 504);
        let running = only_entry(&log).await;
        assert_eq!((running.status, running.result.as_str()), (None, "unknown"));
        timed_out.notify_one();
        let entry = check_outcome(&log, status, result).await;
        assert!(has_user_and_change(&entry), "{entry:?}");
        delete_entries(&database).await;
    }
    service.stop().await;
}
