use chrono::{TimeDelta, Utc};
use seaworthy::data::sql;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, code, joined},
    event::TestEvent,
    user::{moderator, user, user_with_role},
};

/// Returns the actions of organizers and their actors in the audit log.
async fn audit_log(app: &TestApp) -> Vec<(String, String)> {
    sql("SELECT action, actor FROM audit_log WHERE action IN ('join.kick', 'join.ban', 'join.unban') ORDER BY sequence")
        .fetch_all(&app.database)
        .await
        .unwrap()
}

pub(crate) async fn kick_frees_a_seat_and_is_in_audit_log_obs_11(app: TestApp) {
    let event = app.create_event(1).await;
    let owner = user_with_role(event.owner, "user");
    let (one, two) = (user(), user());
    app.join(&event, &one).await;
    app.join(&event, &two).await;
    let path = format!("/events/{}/participants/{}?reason=rude", event.id, one.id);
    for _ in 0..2 {
        let kicked = app.call("DELETE", &path, &owner, None, &[]).await;
        assert_eq!(kicked, (200, json!({ "data": { "msg": "kicked" } })));
    }
    assert_eq!(app.status(&event, &one).await, "rejected");
    assert_eq!(app.status(&event, &two).await, "active");
    assert_eq!(
        audit_log(&app).await,
        [("join.kick".to_owned(), event.owner.to_string())]
    );
    app.eventually_received("join.promoted", &event, 1).await;
    let kicks = app.received("join.kicked", &event);
    assert_eq!(kicks.len(), 1);
    assert_eq!(kicks[0]["prev_status"], "active");
    assert_eq!(kicks[0]["reason"], "rude");
    assert_eq!(kicks[0]["action"], "kicked");
    assert_eq!(kicks[0]["actor_id"], event.owner.to_string());

    let unknown_user = format!("/events/{}/participants/{}", event.id, user().id);
    let response = app.call("DELETE", &unknown_user, &owner, None, &[]).await;
    assert_eq!(code(&response), (404, "join.not_found"));
    // A kicked user may join again.
    assert_eq!(joined(&app.join(&event, &one).await), "waitlisted");
}

async fn ban(app: &TestApp, event: &TestEvent, body: Value) -> (u16, Value) {
    let path = format!("/events/{}/bans", event.id);
    app.call("POST", &path, &moderator(), Some(body), &[]).await
}

pub(crate) async fn ban_rejects_joins_until_it_expires_or_is_lifted_obs_11(app: TestApp) {
    let event = app.create_event(1).await;
    let (one, two, three) = (user(), user(), user());
    app.join(&event, &one).await;
    app.join(&event, &two).await;
    let banned = ban(&app, &event, json!({ "user_id": one.id, "reason": "spam" })).await;
    assert_eq!(banned, (200, json!({ "data": { "msg": "banned" } })));
    assert_eq!(app.status(&event, &two).await, "active");
    let own = app.call("GET", "/me/joins", &one, None, &[]).await.1;
    assert_eq!(own["data"]["items"][0]["rejected_reason"], "banned:spam");
    assert_eq!(code(&app.join(&event, &one).await), (403, "join.banned"));

    // A ban of a user who never joined. A second ban replaces the first. An expired ban has no
    // effect.
    ban(&app, &event, json!({ "user_id": three.id })).await;
    assert_eq!(code(&app.join(&event, &three).await), (403, "join.banned"));
    let ended = Utc::now() - TimeDelta::seconds(1);
    ban(
        &app,
        &event,
        json!({ "user_id": three.id, "expires_at": ended }),
    )
    .await;
    assert_eq!(joined(&app.join(&event, &three).await), "waitlisted");

    let path = format!("/events/{}/bans/{}", event.id, one.id);
    for _ in 0..2 {
        let lifted = app.call("DELETE", &path, &moderator(), None, &[]).await;
        assert_eq!(lifted, (200, json!({ "data": { "status": "unbanned" } })));
    }
    assert_eq!(app.status(&event, &one).await, "rejected");
    assert_eq!(joined(&app.join(&event, &one).await), "waitlisted");
    app.eventually_received("join.unbanned", &event, 1).await;
    let bans = app.received("join.banned", &event);
    let previous: Vec<_> = bans
        .iter()
        .map(|ban| ban["prev_status"].as_str().unwrap())
        .collect();
    assert_eq!(previous, ["active", "", ""]);
    let actions: Vec<_> = audit_log(&app)
        .await
        .into_iter()
        .map(|(action, _)| action)
        .collect();
    assert_eq!(actions, ["join.ban", "join.ban", "join.ban", "join.unban"]);
}

pub(crate) async fn organizer_routes_require_owner_or_moderator(app: TestApp) {
    let event = app.create_event(1).await;
    let owner = user_with_role(event.owner, "user");
    let one = user();
    let unknown = TestEvent::with_capacity(1);
    let routes = |event: &TestEvent| {
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
        let refused = app.call(method, &path, &user(), body.clone(), &[]).await;
        assert_eq!(code(&refused), (403, "auth.forbidden"), "{method} {path}");
        let allowed = app.call(method, &path, &owner, body, &[]).await;
        assert!(
            [200, 404].contains(&allowed.0),
            "{method} {path}: {}",
            allowed.1
        );
    }
    for (method, path, body) in routes(&unknown) {
        let missing = app.call(method, &path, &moderator(), body, &[]).await;
        assert_eq!(code(&missing), (404, "event.not_found"), "{method} {path}");
    }
}

pub(crate) async fn participants_and_waitlist_are_paged_in_order(app: TestApp) {
    let event = app.create_event(3).await;
    let mut users = Vec::new();
    for _ in 0..8 {
        let one = user();
        app.join(&event, &one).await;
        users.push(one.id.to_string());
    }
    let list = async |what: &str| {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/events/{}/{what}?limit=2&cursor={cursor}", event.id);
            let page = app.call("GET", &path, &moderator(), None, &[]).await.1;
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
    assert_eq!(list("participants").await, users[..3]);
    assert_eq!(list("waitlist").await, users[3..]);
}
