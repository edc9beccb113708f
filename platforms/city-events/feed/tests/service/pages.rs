use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use seaworthy_testkit::http::get;
use serde_json::Value;

use crate::house::{House, Told, joined, titles};

pub(crate) async fn pages_hold_every_event_once_though_people_join_meanwhile_api_5(house: House) {
    let mut expected = Vec::new();
    for day in 1..=5 {
        let event = Told::of(&format!("day {day}"), day);
        house.publish(&event).await;
        expected.push(event);
    }
    let token = format!("Bearer {}", crate::house::token(seaworthy::core::new_id()));
    for (kind, last) in [("trending", 5), ("personalized", 4), ("latest", 1)] {
        let headers = [("authorization", token.as_str())];
        let page = |cursor: &str| {
            let query = format!("type={kind}&limit=2&cursor={cursor}");
            house.page(&query, &headers)
        };
        let first = page("");
        let mut seen = titles(&first);
        // The last one of the list is now the first, for whoever begins anew.
        let event = &expected[last - 1];
        let top = |page: &Value| titles(page).first() == Some(&event.title);
        for _ in 0..3 {
            house.tell(&joined(seaworthy::core::new_id(), event)).await;
        }
        if kind != "latest" {
            house
                .until("it is the first", || top(&house.page("type=trending", &[])))
                .await;
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

pub(crate) async fn a_cursor_that_means_nothing_is_the_first_page(house: House) {
    house.publish(&Told::of("Jazz", 1)).await;
    let score = 1.5_f64.to_bits();
    for text in [
        format!("{score:x}|1900000000000000|no-uuid|1900000000000000"),
        format!("{score:x}|1900000000000000000|{}", uuid::Uuid::nil()),
        "nothing".to_owned(),
    ] {
        let cursor = BASE64_URL_SAFE.encode(text).replace('=', "%3D");
        assert_eq!(house.titles(&format!("cursor={cursor}")), ["Jazz"]);
    }
    assert_eq!(house.titles("cursor=!!"), ["Jazz"]);
}

pub(crate) async fn answers_probes_and_metrics_are_the_contracts(house: House) {
    let event = Told::of("Jazz", 1);
    house.publish(&event).await;
    for path in ["/api/feed?type=trending", "/api/feed/?type=trending"] {
        let answer = house.send("GET", path, &[], "");
        assert_eq!(answer.status, 200, "{path}");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["feed_type"], "trending");
        assert_eq!(body["items"][0]["id"], event.id.to_string());
        assert_eq!(body["items"][0]["tags"], serde_json::json!(["tech"]));
    }
    let health = house.send("GET", "/api/feed/health", &[], "");
    assert_eq!((health.status, health.body.as_str()), (200, "ok"));
    let wrong = house.send("GET", "/api/feed?type=best", &[], "");
    assert_eq!(
        (wrong.status, wrong.body.as_str()),
        (400, "invalid feed type")
    );
    house.send("GET", "/nowhere/at/all", &[], "");
    let metrics = get(house.admin, "/metrics").unwrap().body;
    for line in [
        r#"http_requests_total{method="GET",path="/api/feed",status="200"}"#,
        r#"http_requests_total{method="GET",path="unmatched",status="404"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains("/nowhere"), "{metrics}");
}
