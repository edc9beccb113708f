//! Flows through the gateway that run on every kind of platform.

use serde_json::{Value, json};

use crate::{
    client::{Gateway, PASSWORD, new_email},
    eventually::eventually,
};

pub(crate) async fn user_registers_publishes_and_unpublishes(gateway: &Gateway) {
    let anonymous = gateway.anonymous();
    assert_eq!(anonymous.get("/readyz").await.status, 200);

    let email = new_email("ada");
    let body = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
    let registered = anonymous
        .send("POST", "/api/auth/register", Some(body.clone()))
        .await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let cookie = registered.header("set-cookie");
    assert!(
        cookie.contains("refresh_token=") && cookie.contains("HttpOnly"),
        "{cookie}"
    );
    let second = anonymous
        .send("POST", "/api/auth/register", Some(body))
        .await;
    assert_eq!(
        (second.status, second.code().as_str()),
        (409, "email_already_exists")
    );
    let wrong = json!({ "email": email, "password": "another long sentence" });
    let wrong = anonymous.send("POST", "/api/auth/login", Some(wrong)).await;
    assert_eq!(
        (wrong.status, wrong.code().as_str()),
        (401, "invalid_credentials")
    );

    let owner = gateway.register("bea").await;
    let id = owner.publish("Jazz in the cellar", 100).await;
    let feed = owner.get("/api/feed").await;
    assert_eq!(feed.status, 200, "{feed:?}");
    let feed = feed.json();
    let mut items = feed["items"].as_array().unwrap().iter();
    assert!(items.any(|card| card["id"] == id.as_str()), "{feed}");
    assert_eq!(feed["next_cursor"], "");
    assert_eq!(feed["has_more"], false);

    let unpublished = owner.post(&format!("/api/events/{id}/unpublish")).await;
    assert_eq!(unpublished.status, 200, "{unpublished:?}");
    let own = owner.get("/api/me/events").await.json();
    assert_eq!(own["items"][0]["id"], id.as_str());
    assert_eq!(own["items"][0]["status"], "draft");
    let hidden = anonymous.get(&format!("/api/events/{id}/view")).await;
    assert_eq!(hidden.status, 404);
    let own_view = owner.view(&id).await;
    assert_eq!(own_view["actions"]["reason"], "is_organizer");
    assert_eq!(own_view["actions"]["can_edit"], true);

    // The cookie alone is enough for a refresh.
    let cookie = registered.cookie();
    let refreshed = anonymous
        .send_with("POST", "/api/auth/refresh", None, &[("cookie", &cookie)])
        .await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    assert!(refreshed.json()["data"]["tokens"]["access_token"].is_string());
}

pub(crate) async fn users_join_wait_and_move_up(gateway: &Gateway) {
    let host = gateway.register("host").await;
    let first = gateway.register("first").await;
    let second = gateway.register("second").await;
    let id = host.publish("Supper for one", 1).await;

    let joined = first.join(&id, "k1").await;
    assert_eq!(
        (joined.status, joined.json()["status"].as_str()),
        (200, Some("active")),
        "{joined:?}"
    );
    assert!(joined.json()["updated_at"].is_string());
    let again = first.join(&id, "k2").await;
    assert_eq!(
        (again.status, again.json()["status"].as_str()),
        (200, Some("active")),
        "a second join returns the existing participation"
    );
    let waiting = second.join(&id, "k3").await;
    assert_eq!(
        (waiting.status, waiting.json()["status"].as_str()),
        (200, Some("waitlisted"))
    );
    let reused = second.leave(&id, "k3").await;
    assert_eq!(
        (reused.status, reused.code().as_str()),
        (409, "conflict_state"),
        "{reused:?}"
    );
    let own = host.join(&id, "k4").await;
    assert_eq!(
        (own.status, own.code().as_str()),
        (403, "auth.forbidden"),
        "{own:?}"
    );

    let view = first
        .wait_for_view(&id, |view| view["event"]["active_participants"] == 1)
        .await;
    assert_eq!(view["participation"]["status"], "active");
    assert_eq!(view["actions"]["can_cancel"], true);
    assert_eq!(
        view["event"]["organizer_name"], "host",
        "the name does not contain the e-mail address"
    );
    let joins = second.get("/api/me/joins").await.json();
    assert_eq!(joins["items"][0]["id"], id.as_str());
    assert_eq!(joins["items"][0]["participation"], "waitlisted");

    let left = first.leave(&id, "k5").await;
    assert_eq!(
        (left.status, left.json()["status"].as_str()),
        (200, Some("canceled")),
        "{left:?}"
    );
    let again = first.leave(&id, "k6").await;
    assert_eq!(
        (again.status, again.json()["status"].as_str()),
        (200, Some("canceled"))
    );
    let moved = second
        .wait_for_view(&id, |view| view["participation"]["status"] == "active")
        .await;
    assert_eq!(moved["actions"]["reason"], "already_joined");
    let never = host.leave(&id, "k7").await;
    assert_eq!(
        (never.status, never.code().as_str()),
        (404, "join.not_found")
    );

    // Only a moderator cancels the event of another user.
    let moderator = gateway.sign_in("moderator").await;
    let path = format!("/api/admin/events/{id}/cancel");
    let forbidden = second
        .send("POST", &path, Some(json!({ "reason": "x" })))
        .await;
    assert_eq!(forbidden.status, 403);
    let canceled = moderator
        .send("POST", &path, Some(json!({ "reason": "too loud" })))
        .await;
    assert_eq!(
        (canceled.status, canceled.json()["status"].as_str()),
        (200, Some("canceled")),
        "{canceled:?}"
    );
}

pub(crate) async fn joins_rank_events_in_the_feed(gateway: &Gateway) {
    let host = gateway.register("host").await;
    let plain = host.publish("Plain", 0).await;
    let liked = host.publish("Liked", 0).await;
    let guest = gateway.register("guest").await;
    assert_eq!(guest.join(&liked, "k1").await.status, 200);
    let items = eventually(async || {
        let response = guest
            .get("/api/feed/recommended?type=trending&limit=50")
            .await;
        assert_eq!(response.status, 200, "{response:?}");
        let mut items = response.json()["items"].as_array().unwrap().clone();
        items.retain(|item| item["id"] == liked.as_str() || item["id"] == plain.as_str());
        let score = items.first().map(|item| &item["trend_score"]);
        match score.and_then(Value::as_f64) {
            Some(score) if items.len() == 2 && score > 6.0 => Ok(items),
            _ => Err(items),
        }
    })
    .await;
    let order: Vec<_> = items.iter().map(|item| item["id"].clone()).collect();
    assert_eq!(order, [liked.as_str(), plain.as_str()], "{items:?}");
    assert_eq!(items[0]["tags"], json!(["Music"]));
    let wrong = guest.get("/api/feed/recommended?type=best").await;
    assert_eq!(
        (wrong.status, wrong.text.as_str()),
        (400, "invalid feed type")
    );
    // The gateway ignores a claimed user ID: only anonymous clients get the visitor cookie.
    let user = [("x-user-id", "00000000-0000-4000-8000-000000000001")];
    let claimed = gateway
        .anonymous()
        .send_with("GET", "/api/feed/recommended", None, &user)
        .await;
    assert_eq!(claimed.json()["feed_type"], "trending", "{claimed:?}");
    assert!(claimed.header("set-cookie").starts_with("anon_id="));
}

pub(crate) async fn mail_verifies_address_and_logout_ends_session_auth_3(gateway: &Gateway) {
    let anonymous = gateway.anonymous();
    let email = new_email("eva");
    let credentials = json!({ "email": email, "password": PASSWORD });
    let post =
        async |path: &str, body: &Value| anonymous.send("POST", path, Some(body.clone())).await;
    let registered = post("/api/auth/register", &credentials).await;
    assert_eq!(registered.status, 201, "{registered:?}");
    assert_eq!(registered.json()["data"]["user"]["email_verified"], false);

    // Registration sends the verification mail.
    let mail = gateway.mail_to(&email).await;
    let (_, token) = mail.split_once("token=").unwrap();
    let is_end = |sign: char| !sign.is_ascii_alphanumeric() && sign != '-' && sign != '_';
    let token = json!({ "token": token.split(is_end).next().unwrap() });
    let verified = post("/api/auth/verify-email/confirm", &token).await;
    assert_eq!(verified.status, 200, "{verified:?} {mail}");
    assert_eq!(verified.json()["data"]["status"], "verified");

    let login = post("/api/auth/login", &credentials).await;
    assert_eq!(login.status, 200, "{login:?}");
    assert_eq!(login.json()["data"]["user"]["email_verified"], true);
    let with_cookie = async |path: &str, cookie: &str| {
        anonymous
            .send_with("POST", path, None, &[("cookie", cookie)])
            .await
    };
    let refreshed = with_cookie("/api/auth/refresh", &login.cookie()).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let newest = refreshed.cookie();
    assert_eq!(with_cookie("/api/auth/logout", &newest).await.status, 204);
    let ended = with_cookie("/api/auth/refresh", &newest).await;
    assert_eq!(
        (ended.status, ended.code().as_str()),
        (401, "refresh_token_invalid"),
        "{ended:?}"
    );
}

pub(crate) async fn owner_cancels_event_and_joins_end(gateway: &Gateway) {
    let host = gateway.register("host").await;
    let guest = gateway.register("guest").await;
    let id = host.publish("Off", 5).await;
    assert_eq!(guest.join(&id, "k1").await.status, 200);
    let canceled = host.post(&format!("/api/events/{id}/cancel-event")).await;
    assert_eq!(canceled.status, 200, "{canceled:?}");
    assert_eq!(host.view(&id).await["event"]["status"], "canceled");
    // The join service learns of it by a message.
    eventually(async || {
        let key = uuid::Uuid::new_v4().to_string();
        match gateway.register("late").await.join(&id, &key).await {
            late if late.code() == "event.closed" => Ok(()),
            late => Err(late),
        }
    })
    .await;
    let hidden = guest.get(&format!("/api/events/{id}/view")).await;
    assert_eq!(hidden.status, 404, "only its owner sees a canceled event");
}

pub(crate) async fn ban_rejects_tokens_of_the_user_auth_3(gateway: &Gateway) {
    let host = gateway.register("host").await;
    let guest = gateway.register("guest").await;
    let id = host.publish("Without them", 5).await;
    assert_eq!(guest.join(&id, "k1").await.status, 200);
    let user = guest.get("/api/auth/me").await.json()["data"]["user"]["id"].clone();
    let moderator = gateway.sign_in("moderator").await;
    let ban = format!("/api/auth/mod/users/{}/ban", user.as_str().unwrap());
    assert_eq!(guest.post(&ban).await.status, 403);
    let banned = moderator.post(&ban).await;
    assert_eq!(banned.status, 200, "{banned:?}");
    let start = std::time::Instant::now();
    guest
        .wait_for_view(&id, |view| view["actions"]["reason"] == "auth_required")
        .await;
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    let left = guest.leave(&id, "k2").await;
    assert_eq!(left.status, 401, "{left:?}");
    assert_eq!(host.view(&id).await["actions"]["reason"], "is_organizer");
}
