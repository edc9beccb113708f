use chrono::{TimeDelta, Utc};
use seaworthy::data::sql;
use seaworthy_testkit::eventually;
use seaworthy_testkit::http::request;
use serde_json::{Value, json};

use crate::app::{TestApp, TestEvent, joined, token};

/// Tracks a view. Returns the status and the cookie that the response sets.
fn track(app: &TestApp, event: &TestEvent, headers: &[(&str, &str)]) -> (u16, String) {
    let body = json!({ "event_type": "view", "event_id": event.id }).to_string();
    let answer = app.request("POST", "/api/feed/track", headers, &body);
    let cookie = answer.header("set-cookie").unwrap_or_default();
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    (answer.status, cookie)
}

/// Returns the actors of the stored actions.
async fn actors(app: &TestApp) -> Vec<String> {
    let rows: Vec<(String,)> = sql("SELECT actor FROM feed_actions ORDER BY actor")
        .fetch_all(&app.database)
        .await
        .unwrap();
    rows.into_iter().map(|(actor,)| actor).collect()
}

pub(crate) async fn identity_headers_of_clients_are_ignored_auth_6(app: TestApp) {
    let event = TestEvent::new("Jazz", 1);
    app.publish(&event).await;
    let user = seaworthy::core::new_id();
    let id = user.to_string();
    let forged = [("x-user-id", id.as_str())];
    let answer = app.request("GET", "/api/feed", &forged, "");
    let page: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(page["feed_type"], "trending");
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("anon_id=")
            && cookie.ends_with("; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    assert_eq!(track(&app, &event, &forged).0, 202);
    let stored = actors(&app).await;
    assert!(
        matches!(&stored[..], [one] if one.starts_with("a:")),
        "{stored:?}"
    );

    let bearer = format!("Bearer {}", token(user));
    let authenticated = [("authorization", bearer.as_str())];
    let answer = app.request("GET", "/api/feed", &authenticated, "");
    let page: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(page["feed_type"], "personalized");
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(track(&app, &event, &authenticated).0, 202);
    assert!(actors(&app).await.contains(&format!("u:{user}")));
}

pub(crate) async fn views_are_limited_and_stored_once_a_day_res_6(app: TestApp) {
    let event = TestEvent::new("Jazz", 1);
    app.publish(&event).await;
    let (status, cookie) = track(&app, &event, &[]);
    assert_eq!(status, 202);
    assert!(cookie.starts_with("anon_id="), "{cookie}");
    let with_cookie = [("cookie", cookie.as_str())];
    for _ in 0..9 {
        assert_eq!(track(&app, &event, &with_cookie), (202, String::new()));
    }
    assert_eq!(track(&app, &event, &with_cookie).0, 429);
    assert_eq!(actors(&app).await.len(), 1, "one row per day");
    for body in [
        "",
        "[]",
        r#"{"event_type":"click","event_id":"0192d3a8-61f0-7c9b-9a53-5f0a2f1d7c11"}"#,
    ] {
        let answer = app.request("POST", "/api/feed/track", &with_cookie, body);
        assert_eq!(answer.status, 400, "{body}");
    }
}

pub(crate) async fn views_of_unknown_events_are_not_stored_res_6(app: TestApp) {
    let unknown = TestEvent::new("Never published", 1);
    assert_eq!(track(&app, &unknown, &[]).0, 202);
    assert_eq!(actors(&app).await, Vec::<String>::new());
}

pub(crate) async fn anonymous_views_count_up_to_a_limit_per_ip_res_6(app: TestApp) {
    let event = TestEvent::new("Jazz", 1);
    let other = TestEvent::new("Blues", 1);
    app.publish(&event).await;
    app.publish(&other).await;
    for _ in 0..8 {
        assert_eq!(track(&app, &event, &[]).0, 202);
    }
    assert_eq!(actors(&app).await.len(), 5);
    let bearer = format!("Bearer {}", token(seaworthy::core::new_id()));
    assert_eq!(track(&app, &event, &[("authorization", &bearer)]).0, 202);
    assert_eq!(
        actors(&app).await.len(),
        6,
        "the limit does not apply to users"
    );
    assert_eq!(track(&app, &other, &[]).0, 202);
    assert_eq!(
        actors(&app).await.len(),
        7,
        "each event has a separate limit"
    );
}

pub(crate) async fn views_of_unknown_events_spend_no_limit_res_6(app: TestApp) {
    let event = TestEvent::new("Jazz", 1);
    for _ in 0..6 {
        assert_eq!(track(&app, &event, &[]).0, 202);
    }
    app.publish(&event).await;
    assert_eq!(track(&app, &event, &[]).0, 202);
    assert_eq!(actors(&app).await.len(), 1);
}

pub(crate) async fn old_actions_and_joins_are_purged(app: TestApp) {
    let event = TestEvent::new("Jazz", 1);
    app.publish(&event).await;
    assert_eq!(track(&app, &event, &[]).0, 202);
    let user = seaworthy::core::new_id();
    app.send(&joined(user, &event)).await;
    let count = async |text: &'static str| {
        let (count,): (i64,) = sql(text).fetch_one(&app.database).await.unwrap();
        count
    };
    let has_rows = async |joins: i64, actions: i64| {
        count("SELECT COUNT(*) FROM feed_joins").await == joins
            && count("SELECT COUNT(*) FROM feed_actions").await == actions
    };
    eventually(async || has_rows(1, 1).await).await;
    for (text, days) in [
        ("UPDATE feed_joins SET received_at = ?", 31),
        ("UPDATE feed_actions SET happened_at = ?", 29),
    ] {
        let time = Utc::now() - TimeDelta::days(days);
        let statement = sql(text).bind(time);
        statement.execute(&app.database).await.unwrap();
    }
    let path = "/workers/purge%20old%20actions/run";
    let answer = request(app.admin, "POST", path, &[("x-admin-request", "1")], "").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    eventually(async || has_rows(0, 1).await).await;
}
