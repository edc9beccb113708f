//! Calls around their handlers.

mod grpc;

use std::{
    future::Future,
    sync::{Arc, OnceLock},
};

use axum::{body::Body, extract::Request, response::Response};
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use seaworthy_config::Loader;
use seaworthy_core::{Actor, RequestContext, ServiceIdentity, context};
use seaworthy_data::{Database, DatabaseConfig, Migrator, sql};
use seaworthy_service::{NoSettings, RunningService, Service};
use seaworthy_testkit::{database::EmptyDatabase, eventually};
use serde_json::json;
use tokio::{
    sync::{Notify, oneshot},
    task::JoinHandle,
};

use crate::{
    MIGRATIONS, Operation, OperationLog, OperationLogConfig, OperationQuery, record::OK,
    record_actor, record_change,
};

async fn start(empty: &EmptyDatabase) -> (RunningService, Database, OperationLog) {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, &[MIGRATIONS]);
    migrator.up(false).await.unwrap();
    let started = OnceLock::new();
    let service = Service::new("accounts", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("accounts"), async |service| {
            let (config, descriptors) = (OperationLogConfig::enabled(), grpc::descriptors());
            let _ = started.set(OperationLog::start(
                service,
                &database,
                &config,
                &descriptors,
            )?);
            Ok(())
        })
        .await
        .unwrap();
    (service, database, started.into_inner().unwrap())
}

/// Records a call in a context of its own.
async fn record<F: Future<Output = Response>>(
    log: &OperationLog,
    uri: &str,
    body: &str,
    run: impl FnOnce(Request) -> F,
) -> Response {
    let context = RequestContext::background(ServiceIdentity::new("accounts", "1.0.0"));
    let mut request = http::Request::post(uri);
    if uri.starts_with("/accounts.v1.") {
        request = request.header(CONTENT_TYPE, grpc::MEDIA_TYPE);
    }
    let request = request.body(Body::from(body.to_owned()));
    let recorded = log.clone().record_around(request.unwrap(), run);
    context::scope(Arc::new(context), recorded).await
}

async fn only_entry(log: &OperationLog) -> Operation {
    let mut entries = log.page(&OperationQuery::default()).await.unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.pop().unwrap()
}

fn set_actor() {
    context::with_current(|context| Some(context?.set_actor(Actor::new("user-7"))));
}

/// Starts a task in the context of the request. A call with an idempotency key runs in such a task.
fn spawn(call: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let context = context::current().unwrap();
    tokio::spawn(context::scope(context, call))
}

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
async fn change_is_stored_after_its_client_left_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, _database, log) = start(&empty).await;
    let (left, has_left) = oneshot::channel();
    let started = Notify::new();
    let call = async |_| {
        // A call with an idempotency key continues without its client.
        let call = spawn(async move {
            has_left.await.unwrap();
            record_change(Some(&json!(1)), Some(&json!(2)));
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
    left.send(()).unwrap();
    eventually(async || only_entry(&log).await.after.as_deref() == Some("2")).await;
    let entry = only_entry(&log).await;
    assert_eq!((entry.before.as_deref(), entry.status), (Some("1"), None));
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

#[tokio::test]
async fn query_is_part_of_the_content_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    for (uri, body, expected) in [
        ("/users?force=true", "", r#"{"query":{"force":"true"}}"#),
        (
            "/users?email=ada%40example.org",
            r#"{"id":7}"#,
            r#"{"query":{"email":"ad***@example.org"},"body":{"id":7}}"#,
        ),
        ("/users?", r#"{"id":7}"#, r#"{"id":7}"#),
    ] {
        record(&log, uri, body, async |_| Response::default()).await;
        assert_eq!(only_entry(&log).await.content.as_deref(), Some(expected));
        let all = sql("DELETE FROM operation_logs");
        all.execute(&database).await.unwrap();
    }
    let large = "x".repeat(100_000);
    record(
        &log,
        "/users?force=true",
        &large,
        async |request: Request| {
            let _ = request.into_body().collect().await.unwrap();
            Response::default()
        },
    )
    .await;
    let content = only_entry(&log).await.content.unwrap();
    assert!(content.contains(r#""force":"true""#), "{content}");
    assert!(content.contains(r#""size":100000"#), "{content}");
    service.stop().await;
}
