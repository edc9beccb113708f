use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use axum::response::IntoResponse;
use http::header;

use super::*;

const PAGE: &str = "<p>Concert in the park</p>";

fn page() -> String {
    PAGE.repeat(200)
}

fn compressed() -> HttpConfig {
    let mut config = HttpConfig::default();
    config.compression.enabled = true;
    config
}

async fn html() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page())
}

fn routes() -> Routes {
    let tagged = [
        (header::CONTENT_TYPE, "application/problem+json"),
        (header::ETAG, "\"1\""),
    ];
    let cookie = [
        (header::CONTENT_TYPE, "text/html"),
        (header::SET_COOKIE, "session=1"),
    ];
    let raw = [
        (header::CONTENT_TYPE, "text/html"),
        (header::CACHE_CONTROL, "public, No-Transform"),
    ];
    Routes::new()
        .get("/page", html)
        .get("/json", async || Json(page()))
        .get("/tagged", async move || (tagged, page()))
        .get("/small", async || {
            ([(header::CONTENT_TYPE, "text/html")], PAGE)
        })
        .get("/text", async || page())
        .get("/raw", async move || (raw, page()))
        .get("/cookie", async move || (cookie, page()))
        .route_with(
            "/secret",
            axum::routing::get(html),
            RouteOptions::new().without_compression(),
        )
        .route_with(
            "/login",
            axum::routing::get(html),
            RouteOptions::new().sets_session(),
        )
}

async fn fetch(
    stack: &Stack,
    path: &str,
    headers: &[(&'static str, &'static str)],
) -> http::Response<StackBody> {
    let mut request = request(Method::GET, path);
    for (name, value) in headers {
        let headers = request.headers_mut();
        headers.append(*name, HeaderValue::from_static(value));
    }
    let peer = SocketAddr::from(([192, 0, 2, 1], 4711));
    stack.connection(peer, true).oneshot(request).await.unwrap()
}

fn encoding(response: &http::Response<StackBody>) -> &str {
    let encoding = response.headers().get(header::CONTENT_ENCODING);
    encoding.map_or("", |encoding| encoding.to_str().unwrap())
}

async fn decoded(response: http::Response<StackBody>) -> String {
    let encoding = encoding(&response).to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.len() < page().len() / 10, "{encoding}: {}", body.len());
    let mut text = String::new();
    match &*encoding {
        "br" => BrotliDecoder::new(&*body).read_to_string(&mut text).await,
        "gzip" => GzipDecoder::new(&*body).read_to_string(&mut text).await,
        "zstd" => ZstdDecoder::new(&*body).read_to_string(&mut text).await,
        other => panic!("{other:?}"),
    }
    .unwrap();
    text
}

#[tokio::test]
async fn compresses_pages_by_accepted_encoding_sec_4() {
    let stack = stack_with(compressed(), routes());
    for (accepted, expected) in [
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.1, gzip;q=0.9", "gzip"),
    ] {
        let accept = ("accept-encoding", accepted);
        for (path, body) in [("/page", page()), ("/json", format!("\"{}\"", page()))] {
            let response = fetch(&stack, path, &[accept]).await;
            assert_eq!(encoding(&response), expected, "{path}: {accepted}");
            assert_eq!(response.headers()["vary"], "accept-encoding");
            assert!(!response.headers().contains_key("content-length"));
            assert_eq!(decoded(response).await, body);
        }
    }
}

#[tokio::test]
async fn leaves_pages_uncompressed_for_unsupported_encodings_sec_4() {
    let stack = stack_with(compressed(), routes());
    for accepted in ["", "identity", "gzip;q=0", "deflate"] {
        let response = fetch(&stack, "/page", &[("accept-encoding", accepted)]).await;
        assert_eq!(encoding(&response), "", "{accepted}");
        assert_eq!(response.headers()["vary"], "accept-encoding");
    }
    let mut only_gzip = compressed();
    only_gzip.compression.encodings = vec![crate::ContentEncoding::Gzip];
    let stack = stack_with(only_gzip, routes());
    let response = fetch(&stack, "/page", &[("accept-encoding", "br, zstd")]).await;
    assert_eq!(encoding(&response), "");
}

#[tokio::test]
async fn rejects_compression_to_pages_of_other_sites_sec_4() {
    let stack = stack_with(compressed(), routes());
    let accept = ("accept-encoding", "gzip");
    let cookie = ("cookie", "__Host-refresh_token=x");
    for (headers, expected) in [
        (vec![cookie, ("sec-fetch-site", "same-origin")], "gzip"),
        (vec![cookie, ("sec-fetch-site", "none")], "gzip"),
        (vec![("authorization", "Bearer x")], "gzip"),
        (vec![cookie, ("sec-fetch-site", "cross-site")], ""),
        (vec![cookie, ("sec-fetch-site", "same-site")], ""),
        (vec![("sec-fetch-site", "cross-site")], ""),
        (vec![("origin", "https://evil.example")], ""),
        (vec![cookie], ""),
        (
            vec![
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-site", "cross-site"),
            ],
            "",
        ),
    ] {
        let headers = [headers, vec![accept]].concat();
        let response = fetch(&stack, "/page", &headers).await;
        assert_eq!(encoding(&response), expected, "{headers:?}");
    }
}

#[tokio::test]
async fn leaves_secrets_and_unsuitable_responses_uncompressed_sec_4() {
    let stack = stack_with(compressed(), routes());
    for path in [
        "/cookie", "/secret", "/login", "/raw", "/text", "/small", "/none",
    ] {
        let response = fetch(&stack, path, &[("accept-encoding", "gzip")]).await;
        assert_eq!(encoding(&response), "", "{path}");
    }
    let off = stack_with(HttpConfig::default(), routes());
    let response = fetch(&off, "/page", &[("accept-encoding", "gzip")]).await;
    assert_eq!(encoding(&response), "");
    assert!(!response.headers().contains_key("vary"));
}

#[tokio::test]
async fn weakens_entity_tag_of_compressed_response_sec_4() {
    let stack = stack_with(compressed(), routes());
    let response = fetch(&stack, "/tagged", &[("accept-encoding", "gzip")]).await;
    assert_eq!(response.headers()["etag"], "W/\"1\"");
    let response = fetch(&stack, "/tagged", &[]).await;
    assert_eq!(response.headers()["etag"], "\"1\"");
}

#[tokio::test]
async fn sends_responses_uncompressed_above_max_concurrent_sec_4() {
    let mut config = compressed();
    config.compression.max_concurrent = NonZeroU32::MIN;
    let stack = stack_with(config, routes());
    let accept = ("accept-encoding", "gzip");
    let unread = fetch(&stack, "/page", &[accept]).await;
    assert_eq!(encoding(&unread), "gzip");
    let next = fetch(&stack, "/page", &[accept]).await;
    assert_eq!(encoding(&next), "");
    drop(unread);
    let next = fetch(&stack, "/page", &[accept]).await;
    assert_eq!(encoding(&next), "gzip");
}
