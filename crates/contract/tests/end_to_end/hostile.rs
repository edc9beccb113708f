//! Sends any byte that HTTP admits in every header that a contract's routes read.

use std::sync::LazyLock;

use axum::{Router, body::Body};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::{generated::LibraryContract, library::Shelves};

const READ: [&str; 4] = ["content-type", "accept", "authorization", "x-unknown"];

const VALID: [&str; 10] = [
    "application/json",
    "application/json; charset=utf-8",
    "application/problem+json",
    "application/proto",
    "text/plain",
    "text/event-stream",
    "*/*",
    "application/json;q=inf, application/proto;q=NaN",
    "a/b;q=1e39,application/proto;q=0",
    "",
];

static ROUTER: LazyLock<Router> =
    LazyLock::new(|| LibraryContract::new(Shelves).unguarded_router());
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
});

fn value() -> impl Strategy<Value = HeaderValue> {
    let byte = prop_oneof![
        4 => (b' '..=u8::MAX).prop_filter("DEL is not allowed", |byte| *byte != 0x7f),
        1 => prop::sample::select(b"\t,;=/+*\" ".to_vec()),
    ];
    let valid = prop::sample::select(&VALID[..]);
    let bytes = prop_oneof![
        3 => prop::collection::vec(byte.clone(), 0..60),
        1 => prop::collection::vec(byte.clone(), 8_000..9_000),
        4 => valid.clone().prop_map(|text| text.as_bytes().to_vec()),
        2 => (valid, byte).prop_map(|(text, byte)| [text.as_bytes(), b",", &[byte]].concat()),
    ];
    bytes.prop_map(|bytes| HeaderValue::from_bytes(&bytes).unwrap())
}

fn send(
    method: &str,
    path: &str,
    headers: &[(&'static str, HeaderValue)],
    body: &'static str,
) -> (StatusCode, Option<HeaderValue>, Vec<u8>) {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .body(Body::from(body))
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.clone());
    }
    RUNTIME.block_on(async {
        let response = ROUTER.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        (
            parts.status,
            parts.headers.get("content-type").cloned(),
            body,
        )
    })
}

proptest! {
    #[test]
    fn hostile_headers_select_known_format_or_fail_api_1(
        headers in prop::collection::vec((prop::sample::select(&READ[..]), value()), 0..8)
    ) {
        let types: Vec<_> = headers
            .iter()
            .filter(|(name, _)| *name == "content-type")
            .map(|(_, value)| value)
            .collect();
        let (status, form, body) = send("POST", "/v1/echo", &headers, r#"{"aString":"kept"}"#);
        prop_assert!(!status.is_server_error(), "{status}");
        let form = form.unwrap();
        match status {
            StatusCode::OK => {
                prop_assert_eq!(types.len(), 1);
                let is_kept = String::from_utf8_lossy(&body).contains("kept");
                prop_assert!(is_kept || body.is_empty());
                prop_assert!(["application/json", "application/proto"].contains(&form.to_str().unwrap()));
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::BAD_REQUEST => {
                prop_assert_eq!(form, "application/problem+json");
            }
            other => prop_assert!(false, "{other}"),
        }
    }
}
