//! Redirects: few, and without what was meant for another.

use seaworthy_client::{ClientError, Propagation, RedirectProblem};
use seaworthy_core::{RequestContext, Secret, ServiceIdentity, TraceContext, context};

use crate::fixture::{Reply, Seen, Server, answer, client};

fn to(status: &str, location: &str) -> Reply {
    answer(status, &format!("location: {location}\r\n"), "")
}

fn path(seen: &Seen) -> &str {
    seen.line.split(' ').nth(1).unwrap()
}

#[tokio::test]
async fn redirect_loop_ends_at_limit_res_3() {
    let server = Server::start(|_, _| to("302 Found", "/again")).await;
    let error = client(|_| {})
        .get(&server.url("/"))
        .send()
        .await
        .unwrap_err();
    match error {
        ClientError::Redirect { problem, .. } => assert_eq!(problem, RedirectProblem::TooMany),
        other => panic!("{other:?}"),
    }
    assert_eq!(server.seen().len(), 6);

    let alone = client(|config| config.redirects.max_redirects = 0);
    let response = alone.get(&server.url("/")).send().await.unwrap();
    assert_eq!(response.status(), 302);
}

async fn follow(status: &'static str, method: http::Method) -> Seen {
    let server = Server::start(move |before, _| match before {
        0 => to(status, "next?page=2#part"),
        _ => answer("200 OK", "", ""),
    })
    .await;
    let client = client(|_| {});
    let request = client.request(method, &server.url("/first/one"));
    let request = request.json(&1).bearer(&Secret::new("token".to_owned()));
    request.send().await.unwrap().success().unwrap();
    let seen = server.seen().remove(1);
    assert_eq!(path(&seen), "/first/next?page=2");
    assert_eq!(seen.header("authorization"), Some("Bearer token"));
    seen
}

#[tokio::test]
async fn redirects_change_method_and_body_by_rfc_9110_res_3() {
    use http::Method;
    for (status, method, expected, keeps) in [
        ("301 Moved", Method::POST, "GET", false),
        ("302 Found", Method::POST, "GET", false),
        ("302 Found", Method::PUT, "PUT", true),
        ("303 See Other", Method::PUT, "GET", false),
        ("307 Temporary", Method::POST, "POST", true),
        ("308 Permanent", Method::PATCH, "PATCH", true),
    ] {
        let seen = follow(status, method.clone()).await;
        assert!(
            seen.line.starts_with(expected),
            "{status} {method}: {}",
            seen.line
        );
        assert_eq!(seen.body == b"1", keeps, "{status} {method}");
        assert_eq!(
            seen.header("content-type").is_some(),
            keeps,
            "{status} {method}"
        );
    }
}

#[tokio::test]
async fn redirect_to_other_origin_removes_private_headers_res_4() {
    let other = Server::start(|_, _| answer("200 OK", "", "")).await;
    let elsewhere = other.url("/");
    let server = Server::start(move |_, _| to("307 Temporary", &elsewhere)).await;
    let client = client(|config| config.propagation = Propagation::Baggage);
    let trace = TraceContext::extract(
        [&b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"[..]],
        [&b"vendor=opaque"[..]],
        [&b"cart=9"[..]],
    );
    let request = RequestContext::new(
        ServiceIdentity::new("shop", "1.0.0"),
        seaworthy_core::RequestId::generate(),
        trace.unwrap(),
    );
    let mut marked = http::HeaderValue::from_static("marked");
    marked.set_sensitive(true);
    let call = client
        .post(&server.url("/"))
        .bearer(&Secret::new("token".to_owned()))
        .header("cookie", "session=1")
        .header("proxy-authorization", "Basic x")
        .header("x-api-key", "key")
        .header("x-marked", marked)
        .header("x-session-id", "1")
        .header("x-access-key", "key")
        .header("x-plain", "plain")
        .header("if-none-match", "etag")
        .header("accept-language", "fr")
        .header("host", "stock.internal")
        .send();
    context::scope(request.into(), call).await.unwrap();
    let private = [
        "authorization",
        "cookie",
        "proxy-authorization",
        "x-api-key",
        "x-marked",
        "x-session-id",
        "x-access-key",
        // The key has no meaning for another origin.
        "x-plain",
        "baggage",
        "tracestate",
    ];
    let (first, second) = (&server.seen()[0], &other.seen()[0]);
    for name in private {
        assert!(first.header(name).is_some(), "{name}");
        assert_eq!(second.header(name), None, "{name}");
    }
    assert_eq!(second.header("if-none-match"), Some("etag"));
    assert_eq!(second.header("accept-language"), Some("fr"));
    assert!(second.header("traceparent").is_some());
    assert!(second.header("x-request-id").is_some());
    assert_eq!(
        second.header("host"),
        Some(other.address.to_string().as_str())
    );
    assert_eq!(second.header("referer"), None);
}

#[tokio::test]
async fn client_rejects_invalid_locations_res_4() {
    for location in [
        "ftp://stock.example/",
        "http://user:pass@127.0.0.1/",
        "http://",
        "file:///etc/passwd",
    ] {
        let server = Server::start(move |_, _| to("302 Found", location)).await;
        let error = client(|_| {})
            .get(&server.url("/"))
            .send()
            .await
            .unwrap_err();
        match &error {
            ClientError::Redirect { problem, .. } => {
                assert_eq!(*problem, RedirectProblem::Location)
            }
            other => panic!("{other:?}"),
        }
        assert!(!format!("{error} {error:?}").contains("pass"));
    }
}

#[tokio::test]
async fn redirect_of_stream_is_an_error_res_2() {
    let server = Server::start(|_, _| to("307 Temporary", "/next")).await;
    let body = http_body_util::Full::new(bytes::Bytes::from_static(b"once"));
    let request = client(|_| {}).post(&server.url("/")).stream(body);
    match request.send().await.unwrap_err() {
        ClientError::Redirect { problem, .. } => assert_eq!(problem, RedirectProblem::Body),
        other => panic!("{other:?}"),
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn redirect_outside_of_base_url_needs_setting_sec_6() {
    let other = Server::start(|_, _| answer("200 OK", "", "")).await;
    let elsewhere = other.url("/secrets");
    let server = Server::start(move |before, _| match before {
        0 => to("302 Found", "/v2/items"),
        1 => answer("200 OK", "", ""),
        _ => to("302 Found", &elsewhere),
    })
    .await;
    let base: seaworthy_client::BaseUrl = server.url("/v1").parse().unwrap();
    let strict = client(|config| config.base_url = Some(base.clone()));
    // The dependency itself may move things about at its own origin.
    strict
        .get("/items")
        .send()
        .await
        .unwrap()
        .success()
        .unwrap();
    match strict.get("/items").send().await.unwrap_err() {
        ClientError::Redirect { problem, .. } => assert_eq!(problem, RedirectProblem::Origin),
        error => panic!("{error:?}"),
    }
    assert_eq!(other.seen().len(), 0);
    let lenient = client(|config| {
        config.base_url = Some(base.clone());
        config.redirects.allow_other_origins = true;
    });
    lenient
        .get("/items")
        .send()
        .await
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(other.seen().len(), 1);

    let error = strict.get(&server.url("/admin")).send().await.unwrap_err();
    assert!(matches!(error, ClientError::Request { .. }), "{error:?}");
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn without_redirects_returns_redirect_sec_6() {
    let server = Server::start(|_, _| to("307 Temporary Redirect", "/elsewhere")).await;
    let client = client(|_| {});
    let request = client.post(&server.url("/token")).body("code=1");
    let answer = request.without_redirects().send().await.unwrap();
    assert_eq!((answer.status().as_u16(), server.seen().len()), (307, 1));
}
