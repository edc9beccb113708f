//! The ends of calls.

use std::time::Instant;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use seaworthy_data::sql;
use seaworthy_testkit::{database::EmptyDatabase, eventually, http::get};
use serde_json::json;
use tokio::{
    sync::{Notify, oneshot},
    task::spawn_blocking,
};

use super::{check_outcome, delete_entries, grpc, new_context, only_entry, record, spawn, start};
use crate::{
    OperationQuery,
    outcome::{OK, Outcome},
    record::{CallEnd, CallStart},
    record_change,
    store::Entry,
};

#[tokio::test]
async fn later_change_replaces_both_values_of_an_entry_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, _database, log) = start(&empty).await;
    let (disconnect, disconnected) = oneshot::channel();
    let started = Notify::new();
    let call = async |_| {
        record_change(Some(&json!(1)), Some(&json!(2)));
        let call = spawn(async move {
            disconnected.await.unwrap();
            record_change(None, Some(&json!(3)));
        });
        started.notify_one();
        call.await.unwrap();
        Response::default()
    };
    tokio::select! {
        biased;
        _ = record(&log, "/users", "{}", call) => panic!("the call ended too early"),
        () = started.notified() => {}
    }
    let entry = check_outcome(&log, 499, "CANCELLED").await;
    assert_eq!(entry.before.as_deref(), Some("1"));
    disconnect.send(()).unwrap();
    eventually(async || only_entry(&log).await.after.as_deref() == Some("3")).await;
    assert_eq!(only_entry(&log).await.before, None);
    service.stop().await;
}

#[tokio::test]
async fn entry_gets_another_id_if_its_own_is_in_use_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    record(&log, "/other", "{}", async |_| Response::default()).await;
    // The start of the call is not stored, and its ID is that of the other call.
    let context = new_context();
    let [operation, target, path] = ["POST", "/users", "/users"].map(str::to_owned);
    let start = CallStart::new(&context, operation, target, path);
    let entry = Entry::new(&log, start);
    let taken = sql("UPDATE operation_logs SET id = ?").bind(entry.id());
    taken.execute(&database).await.unwrap();
    let outcome = Outcome::of_response(&Response::default()).unwrap();
    let end = CallEnd::default().with_outcome(outcome, Instant::now());
    log.store_end(&entry, end, &context).await;
    let entries = log.page(&OperationQuery::default()).await.unwrap();
    let mut ended: Vec<_> = entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry.result.as_str()))
        .collect();
    ended.sort_unstable();
    assert_eq!(ended, [("/other", OK), ("/users", OK)]);
    service.stop().await;
}

#[tokio::test]
async fn entry_that_is_incomplete_is_counted_once_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    let reject = "CREATE TRIGGER reject BEFORE UPDATE ON operation_logs BEGIN SELECT RAISE(ABORT, 'no space'); END";
    sql(reject).execute(&database).await.unwrap();
    // The change of a stream and its status are stored apart.
    let call = async |_| grpc::respond_with_change().await;
    let response = record(&log, grpc::WATCH, grpc::EMPTY_MESSAGE, call).await;
    response.into_body().collect().await.unwrap();
    let admin = service.addresses().admin;
    let page = spawn_blocking(move || get(admin, "/metrics")).await;
    let page = page.unwrap().unwrap().body;
    let mut lines = page.lines();
    let dropped = lines.find_map(|line| line.strip_prefix("operation_log_dropped_total "));
    assert_eq!(dropped, Some("1"), "{page}");
    service.stop().await;
}

#[tokio::test]
async fn header_of_a_handler_does_not_mark_a_replay_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, _database, log) = start(&empty).await;
    record(&log, "/users", "{}", async |_| {
        [("idempotency-replayed", "true")].into_response()
    })
    .await;
    assert_eq!(only_entry(&log).await.result, OK);
    service.stop().await;
}

#[tokio::test]
async fn fault_without_a_message_is_not_a_rejection_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    for (status, content) in [(13, Some("{}")), (14, Some("{}")), (3, None), (7, None)] {
        record(&log, grpc::LOG_IN, grpc::EMPTY_MESSAGE, async |_| {
            let mut response = Response::new(Body::empty());
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, grpc::MEDIA_TYPE);
            headers.insert("grpc-status", status.into());
            response
        })
        .await;
        let entry = only_entry(&log).await;
        assert_eq!(
            (entry.status, entry.content.as_deref()),
            (Some(status), content)
        );
        delete_entries(&database).await;
    }
    service.stop().await;
}
