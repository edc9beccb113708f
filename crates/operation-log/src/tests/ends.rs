//! The ends of calls.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::header::CONTENT_TYPE;
use seaworthy_testkit::{database::EmptyDatabase, eventually};
use serde_json::json;
use tokio::sync::{Notify, oneshot};

use super::{check_outcome, delete_entries, grpc, only_entry, record, spawn, start};
use crate::{outcome::OK, record_change};

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
