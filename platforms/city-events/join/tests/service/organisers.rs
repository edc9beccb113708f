use chrono::{TimeDelta, Utc};
use seaworthy::data::sql;
use serde_json::{Value, json};

use crate::house::{Announced, House, code, joined, moderator, person, user};

/// The actions of the audit log.
async fn written(house: &House) -> Vec<(String, String)> {
    sql("SELECT action, actor FROM audit_log ORDER BY sequence")
        .fetch_all(&house.database)
        .await
        .unwrap()
}

pub(crate) async fn a_kick_frees_a_place_and_is_written_down_obs_11(house: House) {
    let event = house.event(1).await;
    let owner = person(event.owner, "user");
    let (one, two) = (user(), user());
    house.join(&event, &one).await;
    house.join(&event, &two).await;
    let path = format!("/events/{}/participants/{}?reason=rude", event.id, one.id);
    for _ in 0..2 {
        let kicked = house.call("DELETE", &path, &owner, None, &[]).await;
        assert_eq!(kicked, (200, json!({ "data": { "msg": "kicked" } })));
    }
    assert_eq!(house.status(&event, &one).await, "rejected");
    assert_eq!(house.status(&event, &two).await, "active");
    assert_eq!(
        written(&house).await,
        [("join.kick".to_owned(), event.owner.to_string())]
    );
    house
        .until(async || house.heard("join.promoted", &event).len() == 1)
        .await;
    let told = house.heard("join.kicked", &event);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["prev_status"], "active");
    assert_eq!(told[0]["reason"], "rude");
    assert_eq!(told[0]["action"], "kicked");
    assert_eq!(told[0]["actor_id"], event.owner.to_string());

    let stranger = format!("/events/{}/participants/{}", event.id, user().id);
    let unknown = house.call("DELETE", &stranger, &owner, None, &[]).await;
    assert_eq!(code(&unknown), (404, "join.not_found"));
    // Who was kicked may join again.
    assert_eq!(joined(&house.join(&event, &one).await), "waitlisted");
}

async fn ban(house: &House, event: &Announced, body: Value) -> (u16, Value) {
    let path = format!("/events/{}/bans", event.id);
    house
        .call("POST", &path, &moderator(), Some(body), &[])
        .await
}

pub(crate) async fn a_ban_keeps_out_until_it_ends_or_is_lifted_obs_11(house: House) {
    let event = house.event(1).await;
    let (one, two, stranger) = (user(), user(), user());
    house.join(&event, &one).await;
    house.join(&event, &two).await;
    let banned = ban(
        &house,
        &event,
        json!({ "user_id": one.id, "reason": "spam" }),
    )
    .await;
    assert_eq!(banned, (200, json!({ "data": { "msg": "banned" } })));
    assert_eq!(house.status(&event, &two).await, "active");
    let own = house.call("GET", "/me/joins", &one, None, &[]).await.1;
    assert_eq!(own["data"]["items"][0]["rejected_reason"], "banned:spam");
    assert_eq!(code(&house.join(&event, &one).await), (403, "join.banned"));

    // Also somebody who never joined; a repeat replaces the first, and one that has ended is none.
    ban(&house, &event, json!({ "user_id": stranger.id })).await;
    assert_eq!(
        code(&house.join(&event, &stranger).await),
        (403, "join.banned")
    );
    let ended = Utc::now() - TimeDelta::seconds(1);
    ban(
        &house,
        &event,
        json!({ "user_id": stranger.id, "expires_at": ended }),
    )
    .await;
    assert_eq!(joined(&house.join(&event, &stranger).await), "waitlisted");

    let path = format!("/events/{}/bans/{}", event.id, one.id);
    for _ in 0..2 {
        let lifted = house.call("DELETE", &path, &moderator(), None, &[]).await;
        assert_eq!(lifted, (200, json!({ "data": { "status": "unbanned" } })));
    }
    assert_eq!(house.status(&event, &one).await, "rejected");
    assert_eq!(joined(&house.join(&event, &one).await), "waitlisted");
    house
        .until(async || house.heard("join.unbanned", &event).len() == 1)
        .await;
    let told = house.heard("join.banned", &event);
    let before: Vec<_> = told
        .iter()
        .map(|told| told["prev_status"].as_str().unwrap())
        .collect();
    assert_eq!(before, ["active", "", ""]);
    let actions: Vec<_> = written(&house)
        .await
        .into_iter()
        .map(|(action, _)| action)
        .collect();
    assert_eq!(actions, ["join.ban", "join.ban", "join.ban", "join.unban"]);
}

pub(crate) async fn only_the_owner_and_moderators_look_after_an_event(house: House) {
    let event = house.event(1).await;
    let owner = person(event.owner, "user");
    let one = user();
    let unknown = Announced::of(1);
    let routes = |event: &Announced| {
        let base = format!("/events/{}", event.id);
        [
            ("GET", format!("{base}/participants"), None),
            ("GET", format!("{base}/waitlist"), None),
            ("GET", format!("{base}/stats"), None),
            ("DELETE", format!("{base}/participants/{}", one.id), None),
            (
                "POST",
                format!("{base}/bans"),
                Some(json!({ "user_id": one.id })),
            ),
            ("DELETE", format!("{base}/bans/{}", one.id), None),
        ]
    };
    for (method, path, body) in routes(&event) {
        let refused = house.call(method, &path, &user(), body.clone(), &[]).await;
        assert_eq!(code(&refused), (403, "auth.forbidden"), "{method} {path}");
        let allowed = house.call(method, &path, &owner, body, &[]).await;
        assert!(
            [200, 404].contains(&allowed.0),
            "{method} {path}: {}",
            allowed.1
        );
    }
    for (method, path, body) in routes(&unknown) {
        let missing = house.call(method, &path, &moderator(), body, &[]).await;
        assert_eq!(code(&missing), (404, "event.not_found"), "{method} {path}");
    }
}

pub(crate) async fn participants_and_waitlist_are_pages_in_order(house: House) {
    let event = house.event(3).await;
    let mut people = Vec::new();
    for _ in 0..8 {
        let one = user();
        house.join(&event, &one).await;
        people.push(one.id.to_string());
    }
    let list = async |what: &str| {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/events/{}/{what}?limit=2&cursor={cursor}", event.id);
            let page = house.call("GET", &path, &moderator(), None, &[]).await.1;
            for item in page["data"]["items"].as_array().unwrap() {
                seen.push(item["user_id"].as_str().unwrap().to_owned());
                assert!(item.get("canceled_by").is_none());
            }
            page["data"]["next_cursor"]
                .as_str()
                .unwrap()
                .clone_into(&mut cursor);
            if cursor.is_empty() {
                return seen;
            }
        }
    };
    assert_eq!(list("participants").await, people[..3]);
    assert_eq!(list("waitlist").await, people[3..]);
}
