//! Calls over gRPC.

use std::sync::OnceLock;

use axum::{
    body::{Body, Bytes},
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
use seaworthy_data::sql;
use seaworthy_testkit::{database::EmptyDatabase, eventually};
use serde_json::json;
use tokio::sync::Notify;

use super::{only_entry, record, set_actor, start};
use crate::{Operation, record_change};

pub(super) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");

/// A gRPC message without fields.
const EMPTY_MESSAGE: &str = "\0\0\0\0\0";

/// Returns the descriptors of a service with the unary method `LogIn` and the method `Watch`, which
/// responds with a stream.
pub(super) fn descriptors() -> Vec<u8> {
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

/// Returns a gRPC response with a message and trailers.
fn grpc_response() -> Response {
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), 0.into())]);
    let frames = [
        Frame::data(Bytes::from("message")),
        Frame::trailers(trailers),
    ];
    let frames = frames.map(Ok::<_, std::convert::Infallible>);
    let mut response = Response::new(Body::new(StreamBody::new(stream::iter(frames))));
    response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
    response
}

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
        // The entry of a stream has the change once the handler has ended.
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
