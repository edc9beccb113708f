use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use seaworthy_testkit::eventually;
use seaworthy_testkit::http::get;
use serde_json::Value;

use crate::app::{TestApp, TestEvent, joined, titles, token};

pub(crate) async fn pages_return_each_event_once_during_joins_api_5(app: TestApp) {
    let mut expected = Vec::new();
    for day in 1..=5 {
        let event = TestEvent::new(&format!("day {day}"), day);
        app.publish(&event).await;
        expected.push(event);
    }
    let token = format!("Bearer {}", token(seaworthy::core::new_id()));
    for (kind, last) in [("trending", 5), ("personalized", 4), ("latest", 1)] {
        let headers = [("authorization", token.as_str())];
        let page = |cursor: &str| {
            let query = format!("type={kind}&limit=2&cursor={cursor}");
            app.page(&query, &headers)
        };
        let first = page("");
        let mut seen = titles(&first);
        // The last event of the list becomes the first one of a new list.
        let event = &expected[last - 1];
        for _ in 0..3 {
            app.send(&joined(seaworthy::core::new_id(), event)).await;
        }
        if kind != "latest" {
            let is_first = async || {
                let page = app.page("type=trending", &[]);
                titles(&page).first() == Some(&event.title)
            };
            eventually(is_first).await;
        }
        let mut next = first;
        while next["has_more"] == true {
            let cursor = next["next_cursor"].as_str().unwrap().to_owned();
            next = page(&cursor);
            seen.extend(titles(&next));
        }
        assert_eq!(next["next_cursor"], "");
        seen.sort();
        let all: Vec<_> = expected.iter().map(|event| event.title.clone()).collect();
        assert_eq!(seen, all, "{kind}");
    }
}

pub(crate) async fn invalid_cursor_gives_first_page(app: TestApp) {
    app.publish(&TestEvent::new("Jazz", 1)).await;
    let score = 1.5_f64.to_bits();
    for text in [
        format!("{score:x}|1900000000000000|no-uuid|1900000000000000"),
        format!("{score:x}|1900000000000000000|{}", uuid::Uuid::nil()),
        "invalid".to_owned(),
    ] {
        let cursor = BASE64_URL_SAFE.encode(text).replace('=', "%3D");
        assert_eq!(app.titles(&format!("cursor={cursor}")), ["Jazz"]);
    }
    assert_eq!(app.titles("cursor=!!"), ["Jazz"]);
}

pub(crate) async fn responses_probes_and_metrics_match_contract(app: TestApp) {
    let event = TestEvent::new("Jazz", 1);
    app.publish(&event).await;
    for path in ["/api/feed?type=trending", "/api/feed/?type=trending"] {
        let answer = app.request("GET", path, &[], "");
        assert_eq!(answer.status, 200, "{path}");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["feed_type"], "trending");
        assert_eq!(body["items"][0]["id"], event.id.to_string());
        assert_eq!(body["items"][0]["tags"], serde_json::json!(["tech"]));
    }
    let health = app.request("GET", "/api/feed/health", &[], "");
    assert_eq!((health.status, health.body.as_str()), (200, "ok"));
    let invalid = app.request("GET", "/api/feed?type=best", &[], "");
    assert_eq!(
        (invalid.status, invalid.body.as_str()),
        (400, "invalid feed type")
    );
    let missing = app.request("GET", "/missing/path", &[], "");
    assert_eq!(
        (missing.status, missing.body.as_str()),
        (404, "no route matches this path")
    );
    let metrics = get(app.admin, "/metrics").unwrap().body;
    for line in [
        r#"http_requests_total{method="GET",path="/api/feed",status="200"}"#,
        r#"http_requests_total{method="GET",path="unmatched",status="404"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains("/missing"), "{metrics}");
}
