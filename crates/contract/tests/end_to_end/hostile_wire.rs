//! Sends any bytes as gRPC bodies, paths, query strings, JSON and status details.

use std::{sync::LazyLock, time::Duration};

use axum::{Router, body::Body};
use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use prost::Message as _;
use seaworthy_contract::{
    Contract as _, ContractConfig, MessageStream,
    error::from_status,
    grpc::{RequestCodec, client_streaming},
};
use tokio::runtime::Runtime;
use tonic::{Code, Status, Streaming, codec::Codec as _};
use tower::ServiceExt as _;

use crate::{
    generated::{Everything, Genre, LibraryContract},
    library::Shelves,
};

const ECHO: &str = "/seaworthy.test.v1.Library/Echo";
const MIRROR: &str = "/seaworthy.test.v1.Library/Mirror";

/// The time limit of a call on a loaded machine. A call that waits forever fails its test.
const TIMEOUT: Duration = Duration::from_secs(10);

static ROUTER: LazyLock<Router> =
    LazyLock::new(|| LibraryContract::new(Shelves).unguarded_router());
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
});

/// Calls a gRPC method with a body and metadata, and returns the status.
fn call(path: &str, body: Vec<u8>, metadata: HeaderMap) -> Status {
    let mut request = Request::post(path).body(Body::from(body)).unwrap();
    *request.headers_mut() = metadata;
    request
        .headers_mut()
        .insert("content-type", "application/grpc".parse().unwrap());
    let service = LibraryContract::new(Shelves).unguarded_grpc();
    let responded = async {
        let response = service.oneshot(request).await.unwrap();
        if let Some(status) = Status::from_header_map(response.headers()) {
            return status;
        }
        let body = response.into_body().collect().await.unwrap();
        Status::from_header_map(body.trailers().unwrap()).unwrap()
    };
    let responded = async { tokio::time::timeout(TIMEOUT, responded).await };
    RUNTIME.block_on(responded).unwrap()
}

/// A frame with any flag, whose length differs from that of its content by `error`.
fn frame(flag: u8, content: &[u8], error: i64) -> Vec<u8> {
    let length = (content.len() as i64 + error).clamp(0, i64::from(u32::MAX));
    let mut frame = vec![flag];
    frame.extend(u32::try_from(length).unwrap().to_be_bytes());
    frame.extend(content);
    frame
}

/// Bytes that begin as a message and may be damaged.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let valid = Everything {
        a_string: "text".to_owned(),
        numbers: vec![1, 2, 3],
        genre: Genre::Poetry.into(),
        ..Everything::default()
    };
    let valid = valid.encode_to_vec();
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        Just(valid.clone()),
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut bytes = valid.clone();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ]
}

/// Metadata with any bytes that HTTP allows, also in the headers of the protocol.
fn metadata() -> impl Strategy<Value = HeaderMap> {
    let names = prop::sample::select(vec![
        "grpc-encoding",
        "grpc-accept-encoding",
        "grpc-timeout",
        "te",
        "x-data-bin",
        "x-text",
        "grpc-status",
    ]);
    let byte = (b' '..=u8::MAX).prop_filter("DEL is not allowed", |byte| *byte != 0x7f);
    let value = prop_oneof![
        prop::collection::vec(byte, 0..30),
        prop::sample::select(vec!["gzip", "identity", "deflate", "zstd", "1S", "0"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec((names, value), 0..6).prop_map(|headers| {
        let headers = headers.into_iter().map(|(name, value)| {
            let value = http::HeaderValue::from_bytes(&value).unwrap();
            (http::HeaderName::from_static(name), value)
        });
        headers.collect()
    })
}

/// Whether a status says that the client is at fault, or that the call succeeded.
fn blames_client(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Ok
            | Code::InvalidArgument
            | Code::OutOfRange
            | Code::ResourceExhausted
            | Code::Unimplemented
    )
}

#[test]
fn stream_ends_after_malformed_frame_api_3() {
    let frames = [frame(0, b"", 0), frame(246, b"", 0), frame(0, b"", 0)].concat();
    let decoder = RequestCodec::<Everything, Everything>::default().decoder();
    let messages = Streaming::new_request(decoder, Body::from(frames), None, None);
    let config = ContractConfig::default();
    let read = client_streaming(
        &config,
        tonic::Request::new(messages),
        // A handler may ignore errors and read on.
        async |mut messages: MessageStream<Everything>| {
            let mut read = Vec::new();
            while let Some(message) = messages.next().await {
                read.push(message.is_ok());
                assert!(read.len() < 10, "the stream does not end");
            }
            Ok(read)
        },
    );
    let read = RUNTIME.block_on(read).unwrap().into_inner();
    assert_eq!(read, [true, false]);
}

proptest! {
    #[test]
    fn hostile_frames_get_a_status_api_3(
        flag in prop_oneof![Just(0_u8), Just(1), any::<u8>()],
        content in content(),
        error in prop_oneof![4 => Just(0_i64), 1 => -5..5_i64, 1 => any::<u32>().prop_map(i64::from)],
        metadata in metadata(),
        path in prop::sample::select(vec![ECHO, MIRROR]),
    ) {
        let has_encoding = metadata.contains_key("grpc-encoding");
        let status = call(path, frame(flag, &content, error), metadata);
        if flag == 0 && error == 0 && !has_encoding {
            prop_assert!(blames_client(&status) || path == MIRROR, "{status:?}");
        }
        if flag != 0 && error == 0 && !content.is_empty() {
            prop_assert_ne!(status.code(), Code::Ok);
        }
    }

    #[test]
    fn hostile_bodies_of_frames_get_a_status_api_3(
        body in prop::collection::vec(any::<u8>(), 0..200),
        path in prop::sample::select(vec![ECHO, MIRROR]),
    ) {
        call(path, body, HeaderMap::new());
    }

    #[test]
    fn hostile_paths_and_queries_cause_no_server_errors_api_3(
        path in "(/(v1|shelves|books|files|any|titles|[!-~&&[^?#]]{0,8}|%[0-9A-Fa-f]{2})){0,8}(:[a-z]{0,8})?",
        query in "([!-~&&[^#]]{0,40}|((child\\.){0,3}(aString|numbers|aBool|labels|genre)=(%[0-9A-Fa-f]{2}|[a-z0-9+]){0,8}&?){0,6})",
        method in prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "REPORT"]),
    ) {
        let target = if path.is_empty() { "/".to_owned() } else { path };
        let Ok(uri) = format!("{target}?{query}").parse::<http::Uri>() else {
            return Ok(());
        };
        let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
        let response = RUNTIME.block_on(ROUTER.clone().oneshot(request)).unwrap();
        prop_assert!(!response.status().is_server_error(), "{}", response.status());
    }

    #[test]
    fn hostile_json_bodies_cause_no_server_errors_api_3(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..120),
            "\\PC{0,80}".prop_map(String::into_bytes),
            "[\\[\\]{}:,\"0-9eE.tfn -]{0,80}".prop_map(String::into_bytes),
        ],
    ) {
        let request = Request::post("/v1/echo")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let status = RUNTIME.block_on(ROUTER.clone().oneshot(request)).unwrap().status();
        prop_assert!(
            matches!(status, StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE),
            "{status}"
        );
    }

    #[test]
    fn hostile_status_details_are_an_error_api_2(
        code in any::<i32>(),
        message in "\\PC{0,40}",
        details in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let status = Status::with_details(Code::from_i32(code), message, Bytes::from(details));
        let error = from_status(&status);
        prop_assert!(!error.reason().is_empty());
        prop_assert!(error.reason().len() <= 63);
    }
}
