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

use super::{
    change_as_user, check_outcome, delete_entries, has_user_and_change, late_context, only_entry,
    record, record_in, request, set_actor, start,
};
use crate::{Operation, record_change};

pub(super) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");

pub(super) const LOG_IN: &str = "/accounts.v1.Accounts/LogIn";
pub(super) const WATCH: &str = "/accounts.v1.Accounts/Watch";

/// A gRPC message without fields.
pub(super) const EMPTY_MESSAGE: &str = "\0\0\0\0\0";

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

pub(super) async fn respond_with_change() -> Response {
    change_as_user();
    grpc_response()
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
    let stored_ends = async || {
        let ends = sql("SELECT count(*) FROM stored_ends");
        let (stored,): (i64,) = ends.fetch_one(&database).await.unwrap();
        stored
    };
    let response = record(&log, LOG_IN, EMPTY_MESSAGE, async |_| {
        respond_with_change().await
    })
    .await;
    // A client may withhold its window, and so never read the response.
    let entry = only_entry(&log).await;
    assert!(has_user_and_change(&entry), "{entry:?}");
    assert_eq!((entry.status, entry.result.as_str()), (Some(0), "ok"));
    assert_eq!(entry.content.as_deref(), Some("{}"));
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(body.to_bytes(), "message");
    assert_eq!(only_entry(&log).await, entry);
    assert_eq!(stored_ends().await, 1);
    service.stop().await;
}

/// Probes call them every few seconds, without a rate limit.
#[tokio::test]
async fn standard_services_have_no_entries_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, _database, log) = start(&empty).await;
    for path in [
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ] {
        record(&log, path, EMPTY_MESSAGE, async |_| grpc_response()).await;
    }
    record(&log, LOG_IN, EMPTY_MESSAGE, async |_| grpc_response()).await;
    assert_eq!(only_entry(&log).await.operation, "LogIn");
    service.stop().await;
}

#[tokio::test]
async fn change_of_a_stream_is_stored_before_its_status_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    for (is_read, status) in [(true, 0), (false, 1)] {
        let call = async |_| respond_with_change().await;
        let response = record(&log, WATCH, EMPTY_MESSAGE, call).await;
        let mut body = response.into_body();
        let handled = only_entry(&log).await;
        assert!(has_user_and_change(&handled), "{handled:?}");
        assert_eq!(handled.status, None);
        assert!(body.frame().await.unwrap().unwrap().is_data());
        if is_read {
            assert!(body.frame().await.unwrap().unwrap().is_trailers());
        }
        drop(body);
        eventually(async || only_entry(&log).await.status == Some(status)).await;
        assert!(has_user_and_change(&only_entry(&log).await));
        delete_entries(&database).await;
    }
    service.stop().await;
}

#[tokio::test]
async fn stream_past_the_deadline_of_its_client_has_it_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    for (timeout, status, result) in [
        (Some("1n"), 4, "DEADLINE_EXCEEDED"),
        // Only the time until the response is limited.
        (Some("1H"), 1, "CANCELLED"),
        (None, 1, "CANCELLED"),
    ] {
        let mut request = request(WATCH, EMPTY_MESSAGE);
        if let Some(timeout) = timeout {
            let headers = request.headers_mut();
            headers.insert("grpc-timeout", HeaderValue::from_static(timeout));
        }
        let call = async |_| respond_with_change().await;
        let response = record_in(late_context(), &log, request, call).await;
        drop(response);
        let entry = check_outcome(&log, status, result).await;
        assert!(has_user_and_change(&entry), "{entry:?}");
        delete_entries(&database).await;
    }
    service.stop().await;
}

#[tokio::test]
async fn disconnect_while_change_is_stored_cancels_call_obs_11() {
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
        _ = record(&log, WATCH, EMPTY_MESSAGE, call) => panic!("the entry is locked"),
        () = handled.notified() => {}
    }
    locked.into_inner().unwrap().rollback().await.unwrap();
    eventually(async || {
        let entry = only_entry(&log).await;
        has_user_and_change(&entry) && entry.status == Some(1) && entry.duration_ms.is_some()
    })
    .await;
    assert_eq!(only_entry(&log).await.result, "CANCELLED");
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
        result: "CANCELLED".to_owned(),
        duration_ms: ended.duration_ms,
        ..handled
    };
    assert_eq!(ended, expected);
    service.stop().await;
}
