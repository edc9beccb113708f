//! Calls through the stack of a service, which drops their handlers.

use std::{
    future::pending,
    io::Write as _,
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use axum::response::Response;
use seaworthy_contract::idempotency::{IdempotencyConfig, IdempotencyLayer, MemoryStore};
use seaworthy_core::{Code, Error};
use seaworthy_http::Routes;
use seaworthy_testkit::{database::EmptyDatabase, http};
use tokio::{sync::Notify, task::spawn_blocking};

use super::{
    change_as_user, check_outcome, delete_entries, has_user_and_change, only_entry, start_with,
};

async fn panic_after_a_change() -> Response {
    change_as_user();
    panic!("a fault of the handler")
}

/// Posts to a path, which is also the idempotency key of routes that read one.
async fn post(address: SocketAddr, path: &'static str) -> u16 {
    let headers = [("x-request-timeout-ms", "2000"), ("idempotency-key", path)];
    let call = move || http::request(address, "POST", path, &headers, "{}");
    spawn_blocking(call).await.unwrap().unwrap().status
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
    let (service, database, log) = start_with(&empty, routes).await;
    let address = service.addresses().http;
    for (path, status, result) in [
        ("/panic", 500, "INTERNAL"),
        ("/wait", 504, "DEADLINE_EXCEEDED"),
    ] {
        assert_eq!(post(address, path).await, status);
        let entry = check_outcome(&log, status.into(), result).await;
        assert!(has_user_and_change(&entry), "{entry:?}");
        delete_entries(&database).await;
    }
    changed.notified().await;
    let mut client = TcpStream::connect(address).unwrap();
    let request = "POST /wait HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}";
    client.write_all(request.as_bytes()).unwrap();
    changed.notified().await;
    drop(client);
    let entry = check_outcome(&log, 499, "CANCELLED").await;
    assert!(has_user_and_change(&entry), "{entry:?}");
    service.stop().await;
}

#[tokio::test]
async fn call_with_a_key_has_the_result_of_its_task_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let timed_out = Arc::new(Notify::new());
    let wait = |respond: fn() -> Result<(), Error>| {
        let timed_out = Arc::clone(&timed_out);
        async move || {
            change_as_user();
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
        assert_eq!(post(service.addresses().http, path).await, 504);
        let running = only_entry(&log).await;
        assert_eq!((running.status, running.result.as_str()), (None, "unknown"));
        timed_out.notify_one();
        let entry = check_outcome(&log, status, result).await;
        assert!(has_user_and_change(&entry), "{entry:?}");
        delete_entries(&database).await;
    }
    service.stop().await;
}
