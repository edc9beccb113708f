use std::convert::Infallible;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::header;
use serde_json::json;

use super::*;

/// Sends a GET request to each path. Returns the responses and the lines of the access log.
async fn get_all(routes: Routes, paths: &[&str]) -> (Vec<TestResponse>, Vec<Value>) {
    let (telemetry, sink) = telemetry();
    let stack = Stack::builder(identity(), HttpConfig::default(), &telemetry)
        .build(routes)
        .unwrap();
    let mut responses = Vec::new();
    for path in paths {
        responses.push(get(&stack, path).await);
    }
    let lines = sink.lines();
    let lines = lines.iter().map(|line| serde_json::from_str(line).unwrap());
    let lines = lines.filter(|line: &Value| line["target"] == "seaworthy::access");
    (responses, lines.collect())
}

#[tokio::test]
async fn replaced_text_of_an_error_is_in_the_log_obs_2() {
    let (telemetry, sink) = telemetry();
    let long = async || (StatusCode::BAD_GATEWAY, "x".repeat(5_000));
    let plain = async || {
        let text = "user ada@example.org: relation \"orders\" does not exist";
        (StatusCode::INTERNAL_SERVER_ERROR, text)
    };
    let absent = async |_: axum::Extension<Arc<String>>| ();
    let routes = Routes::new().get("/plain", plain).get("/long", long);
    let stack = Stack::builder(identity(), HttpConfig::default(), &telemetry)
        .build(routes.get("/absent", absent))
        .unwrap();
    let response = get(&stack, "/plain").await;
    assert!(!response.body.contains("relation"), "{}", response.body);
    get(&stack, "/long").await;
    let response = get(&stack, "/absent").await;
    assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!response.body.contains("xtension"), "{}", response.body);
    let lines: Vec<Value> = sink
        .lines()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["target"] == "seaworthy::access")
        .collect();
    let cause = lines[0]["cause"].as_str().unwrap();
    assert!(cause.contains("does not exist"), "{cause}");
    assert!(!cause.contains("ada@example.org"), "{cause}");
    assert_eq!(lines[0]["level"], "ERROR");
    let cause = lines[1]["cause"].as_str().unwrap();
    assert!(cause.starts_with("xxx") && cause.len() <= 1_100, "{cause}");
    let cause = lines[2]["cause"].as_str().unwrap();
    assert!(cause.contains("Missing request extension"), "{cause}");
}

#[tokio::test]
async fn json_and_pages_of_errors_are_replaced_and_logged_sec_4() {
    const INTERNAL: &str = "relation \"orders\" of ada@example.org does not exist";
    let json = async || {
        let body = Json(json!({ "error": INTERNAL }));
        (StatusCode::INTERNAL_SERVER_ERROR, body)
    };
    // No code has this status or that of `other`.
    let page = async || (StatusCode::BAD_GATEWAY, axum::response::Html(INTERNAL));
    let problem = async || {
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        (StatusCode::SERVICE_UNAVAILABLE, kind, INTERNAL)
    };
    let other = async || {
        let kind = [(header::CONTENT_TYPE, "application/xml; charset=utf-8")];
        (StatusCode::INSUFFICIENT_STORAGE, kind, INTERNAL)
    };
    let routes = Routes::new().get("/json", json).get("/page", page);
    let routes = routes.get("/problem", problem).get("/other", other);
    let paths = ["/json", "/page", "/problem", "/other"];
    let (responses, lines) = get_all(routes, &paths).await;
    for (response, line) in responses.iter().zip(&lines) {
        assert!(!response.body.contains("relation"), "{}", response.body);
        let cause = line["cause"].as_str().unwrap();
        assert!(cause.contains("does not exist"), "{line}");
        assert!(!cause.contains("ada@example.org"), "{line}");
    }
    for response in [&responses[0], &responses[2]] {
        response.problem();
    }
    assert_eq!(responses[3].status, StatusCode::INSUFFICIENT_STORAGE);
    assert_eq!(
        (&*responses[1].body, responses[1].status),
        ("", StatusCode::BAD_GATEWAY)
    );
    assert_eq!((lines.len(), &*responses[3].body), (4, ""));
}

#[tokio::test]
async fn error_bodies_for_clients_are_sent_unchanged_sec_4() {
    let page = async || {
        let page = axum::response::Html("<p>temporarily unavailable</p>");
        let public = axum::Extension(PublicErrorBody);
        (StatusCode::BAD_GATEWAY, public, page)
    };
    let checks = async || {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "db": "down" })),
        )
    };
    let picture = async || {
        let kind = [(header::CONTENT_TYPE, "image/png")];
        (StatusCode::INTERNAL_SERVER_ERROR, kind, "PNG")
    };
    let probe = RouteOptions::new().access(Access::Public).probe();
    let routes = Routes::new().get("/page", page).get("/picture", picture);
    let routes = routes.route_with("/ready", axum::routing::get(checks), probe);
    let (responses, lines) = get_all(routes, &["/page", "/ready", "/picture"]).await;
    let bodies: Vec<_> = responses.iter().map(|response| &*response.body).collect();
    let expected = ["<p>temporarily unavailable</p>", r#"{"db":"down"}"#, "PNG"];
    assert_eq!(bodies, expected);
    assert!(lines.iter().all(|line| line.get("cause").is_none()));
}

#[tokio::test]
async fn values_at_the_cut_of_a_cause_are_masked_obs_3() {
    const CARD: &str = "4111 1111 1111 1111";
    const ADDRESS: &str = "ada.lovelace@example.org";
    // The value begins 12 bytes before `position`.
    let at = |position: usize, value: &str| {
        format!(
            "{} {value} {}",
            "x".repeat(position - 13),
            "y".repeat(90_000)
        )
    };
    // Masks are short, so the cause has room for the end of the part that is redacted.
    let masked = format!("{}@example.org ", "a".repeat(51)).repeat(128);
    let texts = [
        at(1_024, CARD),
        at(1_024, ADDRESS),
        at(8_192, ADDRESS),
        format!("{}{}", &masked[..8_180], CARD),
    ];
    let paths = ["/0", "/1", "/2", "/3"];
    let mut routes = Routes::new();
    for (path, text) in paths.iter().zip(texts) {
        let failing = move || async move { (StatusCode::INTERNAL_SERVER_ERROR, text.clone()) };
        routes = routes.get(path, failing);
    }
    // The body ends its first part in the middle of the number, and never sends the second.
    let slow = async || {
        let parts = stream::iter([Ok::<_, Infallible>(Bytes::from("card 4111 1111"))]);
        let body = Body::from_stream(parts.chain(stream::pending()));
        (StatusCode::INTERNAL_SERVER_ERROR, body)
    };
    let (_, lines) = get_all(
        routes.get("/slow", slow),
        &["/0", "/1", "/2", "/3", "/slow"],
    )
    .await;
    assert_eq!(lines.len(), 5);
    for line in lines {
        let text = line.to_string();
        assert!(
            !text.contains("4111") && !text.contains("lovelace"),
            "{text}"
        );
        let cause = line["cause"].as_str().unwrap_or_default();
        assert!(cause.len() <= 1_024, "{}", cause.len());
    }
}
