use seaworthy::data::sql;
use serde_json::{Value, json};

use crate::house::{House, Told, token};

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
