//! Calls around their handlers.

mod changes;
mod ends;
mod grpc;
mod lost;
mod stack;
mod stops;

use std::{
    future::{Future, pending},
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{body::Body, extract::Request, response::Response};
use futures::FutureExt as _;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use seaworthy_config::Loader;
use seaworthy_core::{Actor, Deadline, RequestContext, ServiceIdentity, context};
use seaworthy_data::{Database, DatabaseConfig, LEASE_MIGRATIONS, Migrator, sql};
use seaworthy_http::Routes;
use seaworthy_service::{NoSettings, RunningService, Service};
use seaworthy_testkit::{database::EmptyDatabase, eventually};
use serde_json::json;
use tokio::{
    sync::Notify,
    task::{JoinHandle, yield_now},
};

use crate::{
    MIGRATIONS, Operation, OperationLog, OperationLogConfig, OperationQuery, outcome::OK,
    record_change,
};

async fn start(empty: &EmptyDatabase) -> (RunningService, Database, OperationLog) {
    start_with(empty, Routes::new()).await
}

async fn start_with(
    empty: &EmptyDatabase,
    routes: Routes,
) -> (RunningService, Database, OperationLog) {
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
            service.http(routes);
            Ok(())
        })
        .await
        .unwrap();
    (service, database, started.into_inner().unwrap())
}

fn new_context() -> RequestContext {
    RequestContext::background(ServiceIdentity::new("accounts", "1.0.0"))
}

/// Returns a context whose deadline has passed.
fn late_context() -> RequestContext {
    new_context().with_deadline(Deadline::after(Duration::ZERO))
}

/// Records a call in a context of its own.
async fn record<F: Future<Output = Response>>(
    log: &OperationLog,
    uri: &str,
    body: &str,
    run: impl FnOnce(Request) -> F,
) -> Response {
    record_in(new_context(), log, request(uri, body), run).await
}

async fn record_in<F: Future<Output = Response>>(
    context: RequestContext,
    log: &OperationLog,
    request: Request,
    run: impl FnOnce(Request) -> F,
) -> Response {
    let recorded = log.clone().record_around(request, run);
    context::scope(Arc::new(context), recorded).await
}

fn request(uri: &str, body: &str) -> Request {
    let mut request = http::Request::post(uri);
    if uri.starts_with("/accounts.v1.") {
        request = request.header(CONTENT_TYPE, grpc::MEDIA_TYPE);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

async fn only_entry(log: &OperationLog) -> Operation {
    let mut entries = log.page(&OperationQuery::default()).await.unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.pop().unwrap()
}

#[tokio::test]
async fn entries_are_deleted_after_their_retention_obs_3() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    let retention = OperationLogConfig::enabled().retention_days.get();
    let day = Duration::from_secs(24 * 60 * 60);
    for (uri, days) in [("/kept", retention - 1), ("/old", retention + 1)] {
        record(&log, uri, "{}", async |_| Response::default()).await;
        let age = i64::try_from((day * days).as_micros()).unwrap();
        let aged = sql("UPDATE operation_logs SET created_us = created_us - ? WHERE path = ?");
        let aged = aged.bind(age).bind(uri).execute(&database).await.unwrap();
        assert_eq!(aged.rows_affected(), 1);
    }
    while log.purge().await.unwrap() {}
    assert_eq!(only_entry(&log).await.path, "/kept");
    service.stop().await;
}

#[tokio::test]
async fn claimed_node_needs_the_table_of_leases_core_1() {
    for (migrations, starts) in [
        (&[MIGRATIONS][..], false),
        (&[MIGRATIONS, LEASE_MIGRATIONS][..], true),
    ] {
        let empty = EmptyDatabase::sqlite().unwrap();
        let mut config = DatabaseConfig::from_url(empty.url().parse().unwrap());
        config.migrate_at_start = true;
        let started = Service::new("accounts", "1.0.0")
            .start::<NoSettings, _>(Loader::for_tests("accounts"), async |service| {
                let database = Database::connect(service, "test", &config, migrations).await?;
                let log = OperationLogConfig {
                    claim_node: true,
                    ..OperationLogConfig::enabled()
                };
                OperationLog::start(service, &database, &log, &[])?;
                Ok(())
            })
            .await;
        match started {
            Ok(service) => {
                assert!(starts, "claims without the table");
                service.stop().await;
            }
            Err(error) => {
                let chain = error.chain().join(": ");
                assert!(!starts && chain.contains("LEASE_MIGRATIONS"), "{chain}");
            }
        }
    }
}

async fn delete_entries(database: &Database) {
    let all = sql("DELETE FROM operation_logs");
    all.execute(database).await.unwrap();
}

/// Changes an object for a user that is known late.
fn change_as_user() {
    set_actor();
    record_change(Some(&json!(1)), Some(&json!(2)));
}

fn has_user_and_change(entry: &Operation) -> bool {
    let has_change = (entry.before.as_deref(), entry.after.as_deref()) == (Some("1"), Some("2"));
    has_change && entry.user_id.as_deref() == Some("user-7")
}

fn set_actor() {
    context::with_current(|context| Some(context?.set_actor(Actor::new("user-7"))));
}

/// Starts a task in the context of the request. A call with an idempotency key runs in such a task.
fn spawn(call: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let context = context::current().unwrap();
    tokio::spawn(context::scope(context, call))
}

/// Waits until the only entry has a status. Checks its status and its result.
async fn check_outcome(log: &OperationLog, status: i32, result: &str) -> Operation {
    eventually(async || {
        let entries = log.page(&OperationQuery::default()).await.unwrap();
        entries.iter().any(|entry| entry.status.is_some())
    })
    .await;
    let entry = only_entry(log).await;
    assert_eq!(
        (entry.status, entry.result.as_str()),
        (Some(status), result)
    );
    assert!(entry.duration_ms.is_some());
    entry
}

#[tokio::test]
async fn panic_of_a_handler_ends_its_call_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    for (uri, status) in [("/users", 500), (grpc::LOG_IN, 13)] {
        let call = async |_| {
            change_as_user();
            panic!("a fault of the handler")
        };
        let recorded = record(&log, uri, grpc::EMPTY_MESSAGE, call);
        assert!(AssertUnwindSafe(recorded).catch_unwind().await.is_err());
        let entry = check_outcome(&log, status, "INTERNAL").await;
        assert!(has_user_and_change(&entry), "{entry:?}");
        delete_entries(&database).await;
    }
    service.stop().await;
}

#[tokio::test]
async fn call_without_a_response_has_its_outcome_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    for (context, uri, status, result) in [
        (new_context(), "/users", 499, "CANCELLED"),
        (new_context(), grpc::LOG_IN, 1, "CANCELLED"),
        (late_context(), "/users", 504, "DEADLINE_EXCEEDED"),
        (late_context(), grpc::LOG_IN, 4, "DEADLINE_EXCEEDED"),
    ] {
        let changed = Notify::new();
        let call = async |_| {
            change_as_user();
            changed.notify_one();
            pending().await
        };
        let request = request(uri, grpc::EMPTY_MESSAGE);
        tokio::select! {
            biased;
            _ = record_in(context, &log, request, call) => panic!("the call ended"),
            () = changed.notified() => {}
        }
        let entry = check_outcome(&log, status, result).await;
        assert!(has_user_and_change(&entry), "{entry:?}");
        delete_entries(&database).await;
    }
    service.stop().await;
}

#[tokio::test]
async fn disconnect_while_the_start_is_stored_ends_its_call_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    let tx = database.begin().await.unwrap();
    let lock = sql("DELETE FROM operation_logs");
    lock.execute(&tx).await.unwrap();
    let call = async |_| panic!("the start cannot be stored while the database is locked");
    tokio::select! {
        biased;
        _ = record(&log, "/users", "{}", call) => panic!("the call ended"),
        () = yield_now() => {}
    }
    tx.rollback().await.unwrap();
    check_outcome(&log, 499, "CANCELLED").await;
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
        delete_entries(&database).await;
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

#[tokio::test]
async fn entry_is_stored_at_the_end_if_its_start_failed_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    let change_table = async |statement| {
        sql(statement).execute(&database).await.unwrap();
    };
    for uri in ["/users", grpc::LOG_IN, grpc::WATCH] {
        change_table("ALTER TABLE operation_logs RENAME TO away").await;
        let call = async |_| {
            change_table("ALTER TABLE away RENAME TO operation_logs").await;
            grpc::respond_with_change().await
        };
        let response = record(&log, uri, grpc::EMPTY_MESSAGE, call).await;
        response.into_body().collect().await.unwrap();
        let entry = check_outcome(&log, 0, OK).await;
        assert!(has_user_and_change(&entry), "{entry:?}");
        assert_eq!((entry.method.as_str(), entry.path.as_str()), ("POST", uri));
        delete_entries(&database).await;
    }
    service.stop().await;
}
