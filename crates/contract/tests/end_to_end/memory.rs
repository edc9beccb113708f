//! Bounds the memory of a request by its length (API-3).

use std::sync::{Arc, Weak};

use axum::body::Body;
use bytes::{BufMut, BytesMut};
use futures::executor::block_on;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use prost::Message;
use seaworthy_contract::{Contract as _, MAX_VIOLATIONS_BYTES, error::from_status};
use seaworthy_core::{RequestContext, RequestMemory, ServiceIdentity, context};
use tower::ServiceExt;

use crate::{
    generated::{Everything, LibraryContract},
    library::Shelves,
};

/// The maximum memory, in bytes, that a rejected request of [`BODY`] bytes may take.
const MAX_MEMORY: u64 = 32 * 1024 * 1024;

/// The length of the bodies in bytes.
const BODY: usize = 1024 * 1024;

/// The memory of a process that has none left.
struct NoMemory;

impl RequestMemory for NoMemory {
    fn charge(&self, _: u64) -> bool {
        false
    }
}

/// Returns the response to a body, and the maximum memory in use, in bytes.
fn echo(content_type: &str, body: Vec<u8>) -> (StatusCode, String, u64) {
    let router = LibraryContract::new(Shelves).unguarded_router();
    let request = Request::post("/v1/echo")
        .header("content-type", content_type)
        .body(Body::from(body))
        .unwrap();
    let mut response = None;
    let used = allocation_counter::measure(|| {
        response = Some(block_on(async {
            let response = router.oneshot(request).await.unwrap();
            let status = response.status();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            (status, String::from_utf8_lossy(&body).into_owned())
        }));
    });
    let (status, text) = response.unwrap();
    (status, text, used.bytes_max)
}

/// `{"name":[element,element,…]}` of about [`BODY`] bytes.
fn list(name: &str, element: &str) -> Vec<u8> {
    let count = BODY / (element.len() + 1);
    format!("{{\"{name}\":[{}]}}", vec![element; count].join(",")).into_bytes()
}

/// Repeats `element` up to about [`BODY`] bytes.
fn records(element: &[u8]) -> Vec<u8> {
    element.repeat(BODY / element.len())
}

#[test]
fn rejects_lists_of_tiny_elements_within_little_memory_api_3() {
    let labels = (0..BODY / 12).map(|number| format!("\"{number}\":{{}}"));
    let map = format!(
        "{{\"byNumber\":{{{}}}}}",
        labels.collect::<Vec<_>>().join(",")
    );
    for (body, status) in [
        (list("children", "{}"), StatusCode::PAYLOAD_TOO_LARGE),
        (list("children", "0"), StatusCode::BAD_REQUEST),
        (list("children", "null"), StatusCode::BAD_REQUEST),
        (
            list("children", r#"{"child":{"child":{}}}"#),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        (
            list("children", r#"{"labels":{"":""}}"#),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        (list("list", "0"), StatusCode::PAYLOAD_TOO_LARGE),
        (list("value", r#"{"":0}"#), StatusCode::PAYLOAD_TOO_LARGE),
        (map.into_bytes(), StatusCode::PAYLOAD_TOO_LARGE),
        (
            format!("{{\"mask\":\"{}\"}}", vec!["a"; BODY / 2].join(",")).into_bytes(),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let shown = String::from_utf8_lossy(&body[..40]).into_owned();
        let (received, text, used) = echo("application/json", body);
        assert_eq!(received, status, "{shown}: {text}");
        assert!(used < MAX_MEMORY, "{shown}: {used} bytes");
    }
}

#[test]
fn rejects_protobuf_of_tiny_elements_within_little_memory_api_3() {
    // `children`, `by_number`, `list` and `object` of `Everything`, with one element each.
    for element in [
        &b"\xb2\x01\x00"[..],
        b"\xb2\x01\x03\x8a\x01\x00",
        b"\xc2\x01\x00",
        b"\x9a\x02\x02\x0a\x00",
        b"\x8a\x02\x02\x0a\x00",
    ] {
        let body = records(element);
        let (status, text, used) = echo("application/protobuf", body.clone());
        // Map entries with equal keys replace each other, but cost as much as different ones.
        assert_eq!(
            status,
            StatusCode::PAYLOAD_TOO_LARGE,
            "{element:x?}: {text}"
        );
        assert!(text.contains("TOO_MANY_VALUES"), "{text}");
        assert!(used < MAX_MEMORY, "{element:x?}: {used} bytes");

        let mut framed = BytesMut::new();
        framed.put_u8(0);
        framed.put_u32(u32::try_from(body.len()).unwrap());
        framed.put_slice(&body);
        let request = Request::post("/seaworthy.test.v1.Library/Echo")
            .header("content-type", "application/grpc")
            .body(Body::from(framed.freeze()))
            .unwrap();
        let service = LibraryContract::new(Shelves).unguarded_grpc();
        let mut status = None;
        let used = allocation_counter::measure(|| {
            let response = block_on(service.oneshot(request)).unwrap();
            status = tonic::Status::from_header_map(response.headers());
        });
        let status = status.unwrap();
        assert_eq!(status.code(), tonic::Code::ResourceExhausted, "{status:?}");
        assert_eq!(from_status(&status).reason(), "TOO_MANY_VALUES");
        assert!(used.bytes_max < MAX_MEMORY, "{element:x?}: {used:?}");
    }
}

#[test]
fn rejects_large_requests_of_process_without_memory_sec_3() {
    let memory = Arc::new(NoMemory);
    let context = RequestContext::background(ServiceIdentity::new("library", "1.0.0"));
    let weak: Weak<NoMemory> = Arc::downgrade(&memory);
    context.set_memory(weak);
    context::sync_scope(Arc::new(context), || {
        let numbers = Everything {
            numbers: (1_000_000..1_100_000).collect(),
            ..Everything::default()
        };
        for (content_type, body) in [
            ("application/json", list("numbers", "1234567")),
            ("application/protobuf", numbers.encode_to_vec()),
        ] {
            let (status, text, _) = echo(content_type, body);
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{text}");
            assert!(text.contains("OVERLOADED"), "{text}");
        }
        let (status, ..) = echo("application/json", br#"{"numbers":[1]}"#.to_vec());
        assert_eq!(status, StatusCode::OK);
    });
}

#[test]
fn accepts_long_lists_whose_elements_have_content_api_3() {
    let (status, text, _) = echo("application/json", list("numbers", "1234567"));
    assert_eq!(status, StatusCode::OK, "{text}");
    let (status, text, _) = echo("application/json", list("chunks", r#""YWJjZGVmZ2hpamts""#));
    assert_eq!(status, StatusCode::OK, "{text}");
    let everything = Everything {
        numbers: (0..500_000).collect(),
        children: vec![
            Everything {
                a_string: "text".repeat(50),
                ..Everything::default()
            };
            4_000
        ],
        ..Everything::default()
    };
    let (status, text, _) = echo("application/protobuf", everything.encode_to_vec());
    assert_eq!(
        status,
        StatusCode::OK,
        "{}",
        text.get(..200).unwrap_or(&text)
    );
}

#[test]
fn responses_to_long_keys_of_maps_are_short_api_3() {
    let key = "\u{7f}".repeat(BODY / 2);
    for inside in [
        format!("{{\"children\":{:?}}}", vec![0; 1_000]),
        "0".to_owned(),
    ] {
        for name in ["byNumber", "labels"] {
            let body = format!("{{\"{name}\":{{\"{key}\":{inside}}}}}");
            let (status, text, used) = echo("application/json", body.into_bytes());
            assert_eq!(status, StatusCode::BAD_REQUEST);
            assert!(text.len() < 32 * 1024, "{} bytes", text.len());
            assert!(used < MAX_MEMORY, "{used} bytes");
        }
    }
    // Sixty-four keys, each of the maximum shown length.
    let keys: Vec<String> = (0..100)
        .map(|number| format!("\"{number}{}\":0", "\u{7f}".repeat(80)))
        .collect();
    let body = format!("{{\"labels\":{{{}}}}}", keys.join(","));
    let (status, text, _) = echo("application/json", body.into_bytes());
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        text.len() > MAX_VIOLATIONS_BYTES / 2,
        "{} bytes",
        text.len()
    );
    assert!(text.len() < 32 * 1024, "{} bytes", text.len());
}
