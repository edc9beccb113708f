//! Malformed requests: each gets a clear rejection (API-3).

use bytes::{BufMut, Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use seaworthy_contract::{error::from_status, json::parameter::MAX_PARAMETER_DEPTH};
use tower::ServiceExt;

use crate::{
    generated::{Everything, Genre},
    server::Running,
};

/// Sends the bytes of a whole gRPC body, prefix and all, and returns the status.
async fn raw(server: &Running, body: Bytes) -> tonic::Status {
    let request = http::Request::post(format!("{}/seaworthy.test.v1.Library/Echo", server.grpc))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(tonic::body::Body::new(
            http_body_util::Full::new(body).map_err(|never| match never {}),
        ))
        .unwrap();
    let channel = server.grpc_channel().await;
    let response = channel.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    if let Some(status) = tonic::Status::from_header_map(response.headers()) {
        return status;
    }
    let trailers = response.into_body().collect().await.unwrap();
    tonic::Status::from_header_map(trailers.trailers().unwrap()).unwrap()
}

/// A message with its length before it, as gRPC frames it.
fn framed(message: &[u8]) -> Bytes {
    let mut body = BytesMut::new();
    body.put_u8(0);
    body.put_u32(u32::try_from(message.len()).unwrap());
    body.put_slice(message);
    body.freeze()
}

#[tokio::test]
async fn rejects_declared_gibibyte_unread_api_3() {
    let server = Running::start().await;
    let status = raw(&server, Bytes::from_static(&[0, 0x40, 0, 0, 0, 1])).await;
    assert_eq!(status.code(), tonic::Code::OutOfRange, "{status:?}");
    assert!(status.message().contains("limit"), "{}", status.message());
    let inside = [0x72, 0x80, 0x80, 0x80, 0x80, 0x04, b'x'];
    let status = raw(&server, framed(&inside)).await;
    assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status:?}");
    let headers = [
        ("content-type", "application/json"),
        ("content-length", "1073741824"),
    ];
    let response = server.head_of_request("/v1/echo", &headers).await;
    assert!(response.starts_with("HTTP/1.1 413 "), "{response}");
}

#[tokio::test]
async fn malformed_message_error_names_cause_over_grpc_api_3() {
    let server = Running::start().await;
    let deep = (0..200).fold(Vec::new(), |inner: Vec<u8>, _| {
        let mut outer = vec![0x8a, 0x01];
        prost::encoding::encode_varint(inner.len() as u64, &mut outer);
        outer.extend(inner);
        outer
    });
    for (message, part) in [
        (b"\x72\x02\xff\xff".to_vec(), "UTF-8"),
        (b"\x72\x05x".to_vec(), "longer than"),
        (b"\x08\x01".to_vec(), "wire type"),
        (
            b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01".to_vec(),
            "varint",
        ),
        (b"\x07".to_vec(), "wire type"),
        (deep, "nested too deeply"),
    ] {
        let status = raw(&server, framed(&message)).await;
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status:?}");
        let text = status.message().to_lowercase();
        assert!(text.contains(&part.to_lowercase()), "{part}: {text}");
        // The message is `Everything` of the code.
        assert!(!text.contains("everything"), "{text}");
        assert_eq!(from_status(&status).reason(), "MALFORMED_REQUEST");
    }
}

#[tokio::test]
async fn keeps_unknown_enum_unless_rule_closes_it_api_3() {
    let server = Running::start().await;
    let everything = Everything {
        genre: 77,
        ..Everything::default()
    };
    let mut library = server.library().await;
    let kept = library.echo(everything).await.unwrap().into_inner();
    assert_eq!(kept.genre, 77);
    let request = crate::generated::CreateBookRequest {
        parent: "shelves/1".to_owned(),
        book: Some(crate::generated::Book {
            title: "Emma".to_owned(),
            pages: 1,
            genre: Genre::Poetry as i32 + 1,
            ..Default::default()
        }),
        dry_run: false,
    };
    let refused = library.create_book(request).await.unwrap_err();
    assert_eq!(from_status(&refused).fields()[0].field, "book.genre");
}

#[tokio::test]
async fn names_every_kind_of_bad_value_over_http_api_3() {
    let server = Running::start().await;
    let body = r#"{"anInt32":2147483648,"aUint64":"-1","aBool":"yes","genre":"GENRE_HORROR","someBytes":"*",
        "aString":5,"a_string":"x","timestamp":"now","child":{"aDouble":"inf"},"numbers":[1,"x"],
        "labels":{"a":"1","a":"2"},"byNumber":{"x":{}}}"#;
    let response = server.post("/v1/echo", body).await;
    assert_eq!(response.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        response.bad_fields(),
        [
            "aBool",
            "aString",
            "aString",
            "aUint64",
            "anInt32",
            "byNumber[\"x\"]",
            "child.aDouble",
            "genre",
            "labels[\"a\"]",
            "numbers[1]",
            "someBytes",
            "timestamp",
        ]
    );
}

#[tokio::test]
async fn rejects_invalid_utf_8_everywhere_api_3() {
    let server = Running::start().await;
    for (path, part) in [
        ("/v1/books/%ff", "`isbn` in the path"),
        ("/v1/files/a/%c3%28", "`path` in the path"),
        ("/v1/shelves/1/books?title=%ff", "`title` is not UTF-8"),
        ("/v1/shelves/1/books?%ff=1", "not UTF-8"),
    ] {
        let response = server.get(path).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(
            response.text().contains(part),
            "{path}: {}",
            response.text()
        );
    }
}

/// A query that sets `aString` inside `depth` messages.
fn nested_query(depth: usize) -> String {
    format!("/v1/echo?{}aString=x", "child.".repeat(depth))
}

#[tokio::test]
async fn rejects_query_parameters_that_are_too_deep_api_3() {
    let server = Running::start().await;
    for depth in [
        MAX_PARAMETER_DEPTH,
        1_300,
        // About the longest URI that a client can send.
        10_000,
    ] {
        let response = server.get(&nested_query(depth)).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST, "{depth}");
        assert_eq!(response.json()["reason"], "MALFORMED_REQUEST");
        assert_eq!(response.bad_fields(), ["child"]);
    }
    let deepest = server.get(&nested_query(MAX_PARAMETER_DEPTH - 1)).await;
    assert_eq!(deepest.status, StatusCode::OK, "{}", deepest.text());
    let unknown = format!("/v1/echo?{}x=1", "unknown.".repeat(1_000));
    let ignored = server.get(&unknown).await;
    assert_eq!(ignored.status, StatusCode::OK, "{}", ignored.text());
}
