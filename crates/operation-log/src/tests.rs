//! Calls around their handlers.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    response::Response,
};
use futures::stream;
use http::{
    HeaderMap,
    header::{CONTENT_TYPE, HeaderValue},
};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use prost_reflect::{
    prost::Message as _,
    prost_types::{
        DescriptorProto, FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto,
        ServiceDescriptorProto,
    },
};
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

/// Returns the descriptors of a service with the unary method `LogIn` and the method `Watch`, which
/// responds with a stream.
fn descriptors() -> Vec<u8> {
    let method = |name: &str, is_stream| MethodDescriptorProto {
        name: Some(name.to_owned()),
        input_type: Some(".accounts.v1.Empty".to_owned()),
        output_type: Some(".accounts.v1.Empty".to_owned()),
        server_streaming: Some(is_stream),
        ..MethodDescriptorProto::default()
    };
    let service = ServiceDescriptorProto {
        name: Some("Accounts".to_owned()),
        method: vec![method("LogIn", false), method("Watch", true)],
        ..ServiceDescriptorProto::default()
    };
    let message = DescriptorProto {
        name: Some("Empty".to_owned()),
        ..DescriptorProto::default()
    };
    let file = FileDescriptorProto {
        name: Some("accounts.proto".to_owned()),
        package: Some("accounts.v1".to_owned()),
        message_type: vec![message],
        service: vec![service],
        syntax: Some("proto3".to_owned()),
        ..FileDescriptorProto::default()
    };
    FileDescriptorSet { file: vec![file] }.encode_to_vec()
}

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

async fn start(empty: &EmptyDatabase) -> (RunningService, Database, OperationLog) {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, &[MIGRATIONS]);
    migrator.up(false).await.unwrap();
    let started = OnceLock::new();
    let service = Service::new("accounts", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("accounts"), async |service| {
            let config = OperationLogConfig::enabled();
            let _ = started.set(OperationLog::start(
                service,
                &database,
                &config,
                &descriptors(),
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
        request = request.header(CONTENT_TYPE, GRPC);
    }
    let request = request.body(Body::from(body.to_owned()));
    let recorded = log.clone().record_around(request.unwrap(), run);
    context::scope(Arc::new(context), recorded).await
}

/// Returns a gRPC response with a message and trailers.
fn grpc_response() -> Response {
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), 0.into())]);
    let frames = [
        Frame::data(Bytes::from("message")),
        Frame::trailers(trailers),
    ];
    let frames = frames.map(Ok::<_, std::convert::Infallible>);
    let mut response = Response::new(Body::new(StreamBody::new(stream::iter(frames))));
    response.headers_mut().insert(CONTENT_TYPE, GRPC);
    response
}

async fn only_entry(log: &OperationLog) -> Operation {
    let mut entries = log.page(&OperationQuery::default()).await.unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.pop().unwrap()
}

fn set_actor() {
    context::with_current(|context| Some(context?.set_actor(Actor::new("user-7"))));
}

#[tokio::test]
async fn cancelled_grpc_response_keeps_user_and_change_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, _database, log) = start(&empty).await;
    let response = record(&log, "/login", r#"{"enabled":true}"#, async |_| {
        set_actor();
        record_change(
            Some(&json!({ "enabled": false })),
            Some(&json!({ "enabled": true })),
        );
        grpc_response()
    })
    .await;
    let handled = only_entry(&log).await;
    assert_eq!(handled.user_id.as_deref(), Some("user-7"));
    assert_eq!(handled.content.as_deref(), Some(r#"{"enabled":true}"#));
    assert_eq!(handled.before.as_deref(), Some(r#"{"enabled":false}"#));
    assert_eq!(handled.after.as_deref(), Some(r#"{"enabled":true}"#));
    assert_eq!((handled.status, handled.duration_ms), (None, None));

    // The client resets the stream after the message.
    let mut body = response.into_body();
    assert!(body.frame().await.unwrap().unwrap().is_data());
    drop(body);
    eventually(async || only_entry(&log).await.status == Some(1)).await;
    let ended = only_entry(&log).await;
    assert!(ended.duration_ms.is_some());
    let expected = Operation {
        status: ended.status,
        result: "error".to_owned(),
        duration_ms: ended.duration_ms,
        ..handled
    };
    assert_eq!(ended, expected);
    service.stop().await;
}

/// A gRPC message without fields.
const EMPTY_MESSAGE: &str = "\0\0\0\0\0";

async fn respond_with_change() -> Response {
    set_actor();
    record_change(Some(&json!(1)), Some(&json!(2)));
    grpc_response()
}

fn has_user_and_change(entry: &Operation) -> bool {
    let has_change = (entry.before.as_deref(), entry.after.as_deref()) == (Some("1"), Some("2"));
    has_change && entry.user_id.as_deref() == Some("user-7")
}

#[tokio::test]
async fn end_of_a_unary_call_is_stored_once_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    for statement in [
        "CREATE TABLE stored_ends (id TEXT NOT NULL)",
        "CREATE TRIGGER count_ends AFTER UPDATE ON operation_logs BEGIN INSERT INTO stored_ends VALUES (NEW.id); END",
    ] {
        sql(statement).execute(&database).await.unwrap();
    }
    for (method, is_read, status, expected) in [
        ("LogIn", true, 0, 1),
        ("LogIn", false, 1, 1),
        ("Watch", true, 0, 2),
        ("Watch", false, 1, 2),
    ] {
        let path = format!("/accounts.v1.Accounts/{method}");
        let call = async |_| respond_with_change().await;
        let response = record(&log, &path, EMPTY_MESSAGE, call).await;
        let mut body = response.into_body();
        // A stream may last long, so its entry has the change once the handler has ended.
        let handled = only_entry(&log).await;
        assert_eq!(has_user_and_change(&handled), method == "Watch");
        assert_eq!(handled.status, None);
        assert!(body.frame().await.unwrap().unwrap().is_data());
        if is_read {
            assert!(body.frame().await.unwrap().unwrap().is_trailers());
        }
        drop(body);
        eventually(async || only_entry(&log).await.status == Some(status)).await;
        let entry = only_entry(&log).await;
        assert!(has_user_and_change(&entry), "{entry:?}");
        assert_eq!(entry.content.as_deref(), Some("{}"));
        let ends = sql("SELECT count(*) FROM stored_ends");
        let (stored,): (i64,) = ends.fetch_one(&database).await.unwrap();
        assert_eq!(stored, expected, "{method} {status}");
        for statement in ["DELETE FROM operation_logs", "DELETE FROM stored_ends"] {
            sql(statement).execute(&database).await.unwrap();
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn client_that_leaves_while_the_change_is_stored_ends_its_call_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    let locked = OnceLock::new();
    let handled = Notify::new();
    let call = async |_| {
        // No entry can be stored until the lock is released.
        let tx = database.begin().await.unwrap();
        let lock = sql("UPDATE operation_logs SET target = target");
        lock.execute(&tx).await.unwrap();
        assert!(locked.set(tx).is_ok());
        handled.notify_one();
        respond_with_change().await
    };
    tokio::select! {
        biased;
        _ = record(&log, "/accounts.v1.Accounts/Watch", EMPTY_MESSAGE, call) => panic!("the entry is locked"),
        () = handled.notified() => {}
    }
    locked.into_inner().unwrap().rollback().await.unwrap();
    eventually(async || {
        let entry = only_entry(&log).await;
        has_user_and_change(&entry) && entry.status == Some(1) && entry.duration_ms.is_some()
    })
    .await;
    assert_eq!(only_entry(&log).await.result, "error");
    service.stop().await;
}

/// Starts a task in the context of the request, as for a call with an idempotency key.
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
