//! Users and changes that handlers record.

use std::sync::OnceLock;

use axum::response::Response;
use seaworthy_core::context;
use seaworthy_testkit::{database::EmptyDatabase, eventually};
use serde_json::json;
use tokio::sync::{Notify, oneshot};

use super::{check_outcome, only_entry, record, set_actor, spawn, start};
use crate::{outcome::OK, record_actor, record_change};

#[tokio::test]
async fn call_in_another_task_keeps_user_and_change_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    let data = database.clone();
    record(&log, "/login", "{}", async |_| {
        let call = spawn(async move {
            set_actor();
            record_actor(&data).await.unwrap();
            record_change(Some(&json!(1)), Some(&json!(2)));
            // An outgoing call has a context of its own, with the same entry.
            let derived = context::current().unwrap().without_deadline().into();
            context::sync_scope(derived, || record_change(None, Some(&json!(3))));
        });
        call.await.unwrap();
        // A kill may follow.
        assert_eq!(only_entry(&log).await.user_id.as_deref(), Some("user-7"));
        Response::default()
    })
    .await;
    let entry = only_entry(&log).await;
    assert_eq!((entry.before, entry.after.as_deref()), (None, Some("3")));
    service.stop().await;
}

#[tokio::test]
async fn change_of_a_disconnected_client_is_stored_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, _database, log) = start(&empty).await;
    let (disconnect, disconnected) = oneshot::channel();
    let started = Notify::new();
    let call = async |_| {
        record_change(Some(&json!(1)), Some(&json!(2)));
        // A call with an idempotency key continues without its client.
        let call = spawn(async move {
            disconnected.await.unwrap();
            set_actor();
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
    assert_eq!((entry.user_id, entry.before.as_deref()), (None, Some("1")));
    disconnect.send(()).unwrap();
    eventually(async || only_entry(&log).await.after.as_deref() == Some("3")).await;
    // The later change replaces both values.
    let entry = check_outcome(&log, 499, "CANCELLED").await;
    assert_eq!(
        (entry.user_id.as_deref(), entry.before),
        (Some("user-7"), None)
    );
    service.stop().await;
}

#[tokio::test]
async fn work_after_a_call_does_not_change_its_entry_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    let (ended, has_ended) = oneshot::channel();
    let task = OnceLock::new();
    let call = async |_| {
        let database = database.clone();
        let work = spawn(async move {
            has_ended.await.unwrap();
            set_actor();
            record_change(Some(&json!(1)), Some(&json!(2)));
            record_actor(&database).await.unwrap();
        });
        task.set(work).unwrap();
        Response::default()
    };
    record(&log, "/users", "{}", call).await;
    let entry = only_entry(&log).await;
    ended.send(()).unwrap();
    task.into_inner().unwrap().await.unwrap();
    assert_eq!(only_entry(&log).await, entry);
    assert_eq!((entry.user_id, entry.after), (None, None));
    service.stop().await;
}

#[tokio::test]
async fn entry_has_the_actor_once_its_change_is_committed_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    let response = record(&log, "/login", "{}", async |_| {
        record_actor(&database).await.unwrap();
        assert_eq!(only_entry(&log).await.user_id, None);
        set_actor();
        let tx = database.begin().await.unwrap();
        record_actor(&tx).await.unwrap();
        tx.commit().await.unwrap();
        // A kill may follow.
        assert_eq!(only_entry(&log).await.user_id.as_deref(), Some("user-7"));
        Response::default()
    })
    .await;
    assert_eq!(response.status(), 200);
    assert_eq!(only_entry(&log).await.result, OK);
    // No effect outside of a call.
    record_actor(&database).await.unwrap();
    service.stop().await;
}
