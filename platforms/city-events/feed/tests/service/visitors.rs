use seaworthy::data::sql;
use seaworthy_testkit::http::request;
use serde_json::{Value, json};

use crate::house::{House, PATIENCE, Told, joined, token};

fn track(house: &House, event: &Told, headers: &[(&str, &str)]) -> (u16, String) {
    let body = json!({ "event_type": "view", "event_id": event.id }).to_string();
    let answer = house.send("POST", "/api/feed/track", headers, &body);
    let cookie = answer.header("set-cookie").unwrap_or_default();
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    (answer.status, cookie)
}

async fn actors(house: &House) -> Vec<String> {
    let rows: Vec<(String,)> = sql("SELECT actor FROM feed_actions ORDER BY actor")
        .fetch_all(&house.database)
        .await
        .unwrap();
    rows.into_iter().map(|(actor,)| actor).collect()
}

pub(crate) async fn nobody_is_who_they_say_they_are_auth_6(house: House) {
    let event = Told::of("Jazz", 1);
    house.publish(&event).await;
    let user = seaworthy::core::new_id();
    let id = user.to_string();
    let claimed = [("x-user-id", id.as_str())];
    let answer = house.send("GET", "/api/feed", &claimed, "");
    let page: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(page["feed_type"], "trending");
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("anon_id=")
            && cookie.ends_with("; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    assert_eq!(track(&house, &event, &claimed).0, 202);
    let known = actors(&house).await;
    assert!(
        matches!(&known[..], [one] if one.starts_with("a:")),
        "{known:?}"
    );

    let bearer = format!("Bearer {}", token(user));
    let proved = [("authorization", bearer.as_str())];
    let answer = house.send("GET", "/api/feed", &proved, "");
    let page: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(page["feed_type"], "personalized");
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(track(&house, &event, &proved).0, 202);
    assert!(actors(&house).await.contains(&format!("u:{user}")));
}

pub(crate) async fn looks_are_limited_and_remembered_once_a_day_res_6(house: House) {
    let event = Told::of("Jazz", 1);
    house.publish(&event).await;
    let (status, cookie) = track(&house, &event, &[]);
    assert_eq!(status, 202);
    assert!(cookie.starts_with("anon_id="), "{cookie}");
    let known = [("cookie", cookie.as_str())];
    for _ in 0..9 {
        assert_eq!(track(&house, &event, &known), (202, String::new()));
    }
    assert_eq!(track(&house, &event, &known).0, 429);
    assert_eq!(actors(&house).await.len(), 1, "one line a day");
    for body in [
        "",
        "[]",
        r#"{"event_type":"click","event_id":"0192d3a8-61f0-7c9b-9a53-5f0a2f1d7c11"}"#,
    ] {
        let answer = house.send("POST", "/api/feed/track", &known, body);
        assert_eq!(answer.status, 400, "{body}");
    }
}

pub(crate) async fn views_of_unknown_events_are_not_stored_res_6(house: House) {
    let unknown = Told::of("Never published", 1);
    assert_eq!(track(&house, &unknown, &[]).0, 202);
    assert_eq!(actors(&house).await, Vec::<String>::new());
}

pub(crate) async fn anonymous_views_count_up_to_a_limit_per_address_res_6(house: House) {
    let event = Told::of("Jazz", 1);
    let other = Told::of("Blues", 1);
    house.publish(&event).await;
    house.publish(&other).await;
    for _ in 0..8 {
        assert_eq!(track(&house, &event, &[]).0, 202);
    }
    assert_eq!(actors(&house).await.len(), 5);
    let bearer = format!("Bearer {}", token(seaworthy::core::new_id()));
    assert_eq!(track(&house, &event, &[("authorization", &bearer)]).0, 202);
    assert_eq!(
        actors(&house).await.len(),
        6,
        "views of users are not bounded by their address"
    );
    assert_eq!(track(&house, &other, &[]).0, 202);
    assert_eq!(
        actors(&house).await.len(),
        7,
        "each event has its own bound"
    );
}

pub(crate) async fn views_of_unknown_events_spend_no_limit_res_6(house: House) {
    let event = Told::of("Jazz", 1);
    for _ in 0..6 {
        assert_eq!(track(&house, &event, &[]).0, 202);
    }
    house.publish(&event).await;
    assert_eq!(track(&house, &event, &[]).0, 202);
    assert_eq!(actors(&house).await.len(), 1);
}

pub(crate) async fn trending_answers_after_any_number_of_joins_res_6(house: House) {
    let event = Told::of("Jazz", 1);
    house.publish(&event).await;
    let user = seaworthy::core::new_id();
    house.tell(&joined(user, &event)).await;
    // One more event than a statement may read.
    let now = chrono::Utc::now();
    let tx = house.database.begin().await.unwrap();
    for _ in 0..10_001 {
        sql("INSERT INTO feed_joins (actor, event_id, kind, revision, told_at, heard_at) VALUES (?, ?, 'join', NULL, ?, ?)")
            .bind("u:1")
            .bind(seaworthy::core::new_id())
            .bind(now)
            .bind(now)
            .execute(&tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    house
        .until("the join counts", || {
            house.page("type=trending", &[])["items"][0]["trend_score"].as_f64() > Some(1.0)
        })
        .await;
}

pub(crate) async fn what_people_did_long_ago_is_forgotten(house: House) {
    let event = Told::of("Jazz", 1);
    house.publish(&event).await;
    assert_eq!(track(&house, &event, &[]).0, 202);
    let user = seaworthy::core::new_id();
    house.tell(&joined(user, &event)).await;
    let count = async |table: &str| {
        let text = match table {
            "feed_joins" => "SELECT COUNT(*) FROM feed_joins",
            _ => "SELECT COUNT(*) FROM feed_actions",
        };
        let (count,): (i64,) = sql(text).fetch_one(&house.database).await.unwrap();
        count
    };
    let counts_are = async |what: &str, joins: i64, looks: i64| {
        let begun = std::time::Instant::now();
        while (count("feed_joins").await, count("feed_actions").await) != (joins, looks) {
            assert!(begun.elapsed() < PATIENCE, "{what}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    counts_are("they are remembered", 1, 1).await;
    for (text, days) in [
        ("UPDATE feed_joins SET heard_at = ?", 31),
        ("UPDATE feed_actions SET happened_at = ?", 29),
    ] {
        let then = chrono::Utc::now() - chrono::TimeDelta::days(days);
        let statement = sql(text).bind(then);
        statement.execute(&house.database).await.unwrap();
    }
    let path = "/workers/purge%20of%20what%20people%20did/run";
    let asked = request(house.admin, "POST", path, &[("x-admin-request", "1")], "").unwrap();
    assert_eq!(asked.status, 200, "{}", asked.body);
    counts_are("what is older than a month is forgotten", 0, 1).await;
}
