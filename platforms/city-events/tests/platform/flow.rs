use serde_json::json;

use crate::people::{Door, PASSWORD, address};

pub(crate) async fn somebody_registers_publishes_is_found_and_takes_it_back(door: &Door) {
    let nobody = door.nobody();
    assert_eq!(nobody.get("/readyz").await.status, 200);

    let ada = address("ada");
    let body = json!({ "email": ada, "password": PASSWORD, "name": "Ada" });
    let registered = nobody
        .send("POST", "/api/auth/register", Some(body.clone()))
        .await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let cookie = registered.header("set-cookie").to_owned();
    assert!(
        cookie.contains("refresh_token=") && cookie.contains("HttpOnly"),
        "{cookie}"
    );
    let again = nobody.send("POST", "/api/auth/register", Some(body)).await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (409, "email_already_exists")
    );
    let wrong = json!({ "email": ada, "password": "another long sentence" });
    let wrong = nobody.send("POST", "/api/auth/login", Some(wrong)).await;
    assert_eq!(
        (wrong.status, wrong.code().as_str()),
        (401, "invalid_credentials")
    );

    let ada = door.register("bea").await;
    let id = ada.publish("Jazz in the cellar", 100).await;
    let feed = ada.get("/api/feed").await;
    assert_eq!(feed.status, 200, "{feed:?}");
    let feed = feed.json();
    let found = feed["items"]
        .as_array()
        .unwrap()
        .iter()
        .any(|card| card["id"] == id.as_str());
    assert!(found, "{feed}");
    assert_eq!(feed["next_cursor"], "");
    assert_eq!(feed["has_more"], false);

    let taken_back = ada.post(&format!("/api/events/{id}/unpublish")).await;
    assert_eq!(taken_back.status, 200, "{taken_back:?}");
    let own = ada.get("/api/me/events").await.json();
    assert_eq!(own["items"][0]["id"], id.as_str());
    assert_eq!(own["items"][0]["status"], "draft");
    assert_eq!(
        door.nobody()
            .get(&format!("/api/events/{id}/view"))
            .await
            .status,
        404
    );
    let own_view = ada.view(&id).await;
    assert_eq!(own_view["actions"]["reason"], "is_organizer");
    assert_eq!(own_view["actions"]["can_edit"], true);

    // The cookie alone brings a new token.
    let cookie = cookie.split(';').next().unwrap();
    let refreshed = nobody
        .send_with("POST", "/api/auth/refresh", None, &[("cookie", cookie)])
        .await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    assert!(refreshed.json()["data"]["tokens"]["access_token"].is_string());
}

pub(crate) async fn places_are_taken_waited_for_and_given_on(door: &Door) {
    let host = door.register("host").await;
    let (first, second) = (door.register("first").await, door.register("second").await);
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
        "who is in already is told so"
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
        .view_until(&id, |view| view["event"]["active_participants"] == 1)
        .await;
    assert_eq!(view["participation"]["status"], "active");
    assert_eq!(view["actions"]["can_cancel"], true);
    assert_eq!(
        view["event"]["organizer_name"], "host",
        "a name and never an address"
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
        .view_until(&id, |view| view["participation"]["status"] == "active")
        .await;
    assert_eq!(moved["actions"]["reason"], "already_joined");
    let never = host.leave(&id, "k7").await;
    assert_eq!(
        (never.status, never.code().as_str()),
        (404, "join.not_found")
    );

    // A moderator ends it, and says why.
    let moderator = door.sign_in("moderator").await;
    let path = format!("/api/admin/events/{id}/cancel");
    assert_eq!(
        second
            .send("POST", &path, Some(json!({ "reason": "x" })))
            .await
            .status,
        403
    );
    let ended = moderator
        .send("POST", &path, Some(json!({ "reason": "too loud" })))
        .await;
    assert_eq!(
        (ended.status, ended.json()["status"].as_str()),
        (200, Some("canceled")),
        "{ended:?}"
    );
}

pub(crate) async fn the_feed_hears_of_events_and_of_who_goes(door: &Door) {
    let host = door.register("host").await;
    let (plain, liked) = (
        host.publish("Plain", 0).await,
        host.publish("Liked", 0).await,
    );
    let guest = door.register("guest").await;
    assert_eq!(guest.join(&liked, "k1").await.status, 200);
    let (mut order, mut items) = (Vec::new(), Vec::new());
    for _ in 0..600 {
        let answer = guest
            .get("/api/feed/recommended?type=trending&limit=50")
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        items = answer.json()["items"].as_array().unwrap().clone();
        items.retain(|item| item["id"] == liked.as_str() || item["id"] == plain.as_str());
        order = items.iter().map(|item| item["id"].clone()).collect();
        let score = items.first().map(|item| &item["trend_score"]);
        if items.len() == 2 && score.and_then(serde_json::Value::as_f64) > Some(6.0) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(order, [liked.as_str(), plain.as_str()], "{items:?}");
    assert_eq!(items[0]["tags"], json!(["Music"]));
    let wrong = guest.get("/api/feed/recommended?type=best").await;
    assert_eq!(
        (wrong.status, wrong.text.as_str()),
        (400, "invalid feed type")
    );
    // Who says to be somebody is not believed: an answer for nobody sets the cookie of a visitor.
    let claimed = door
        .nobody()
        .send_with(
            "GET",
            "/api/feed/recommended",
            None,
            &[("x-user-id", "00000000-0000-4000-8000-000000000001")],
        )
        .await;
    assert_eq!(claimed.json()["feed_type"], "trending", "{claimed:?}");
    assert!(claimed.header("set-cookie").starts_with("anon_id="));
}

pub(crate) async fn an_address_is_verified_by_mail_and_a_session_ends_at_the_logout_auth_3(
    door: &Door,
) {
    let nobody = door.nobody();
    let email = address("eva");
    let own = json!({ "email": email, "password": PASSWORD });
    let post = async |path: &str, body: &serde_json::Value| {
        nobody.send("POST", path, Some(body.clone())).await
    };
    let registered = post("/api/auth/register", &own).await;
    assert_eq!(registered.status, 201, "{registered:?}");
    assert_eq!(registered.json()["data"]["user"]["email_verified"], false);

    // A registration asks for the mail by itself.
    let mail = door.mail_to(&email).await;
    let (_, token) = mail.split_once("token=").unwrap();
    let ends = |sign: char| !sign.is_ascii_alphanumeric() && sign != '-' && sign != '_';
    let token = json!({ "token": token.split(ends).next().unwrap() });
    let verified = post("/api/auth/verify-email/confirm", &token).await;
    assert_eq!(verified.status, 200, "{verified:?} {mail}");
    assert_eq!(verified.json()["data"]["status"], "verified");

    let entered = post("/api/auth/login", &own).await;
    assert_eq!(entered.status, 200, "{entered:?}");
    assert_eq!(entered.json()["data"]["user"]["email_verified"], true);
    let cookie = |answer: &crate::people::Answer| {
        let cookie = answer.header("set-cookie").split(';').next();
        cookie.unwrap_or_default().to_owned()
    };
    let with_cookie = async |path: &str, cookie: &str| {
        nobody
            .send_with("POST", path, None, &[("cookie", cookie)])
            .await
    };
    let refreshed = with_cookie("/api/auth/refresh", &cookie(&entered)).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let newest = cookie(&refreshed);
    assert_eq!(with_cookie("/api/auth/logout", &newest).await.status, 204);
    let ended = with_cookie("/api/auth/refresh", &newest).await;
    assert_eq!(
        (ended.status, ended.code().as_str()),
        (401, "refresh_token_invalid"),
        "{ended:?}"
    );
}

pub(crate) async fn the_owner_ends_an_event_and_nobody_joins_it_any_more(door: &Door) {
    let (host, guest) = (door.register("host").await, door.register("guest").await);
    let id = host.publish("Off", 5).await;
    assert_eq!(guest.join(&id, "k1").await.status, 200);
    let ended = host.post(&format!("/api/events/{id}/cancel-event")).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    assert_eq!(host.view(&id).await["event"]["status"], "canceled");
    let begun = std::time::Instant::now();
    loop {
        // It is told to where places are kept a moment later.
        let key = uuid::Uuid::new_v4().to_string();
        let late = door.register("late").await.join(&id, &key).await;
        if late.code() == "event.closed" {
            break;
        }
        assert!(begun.elapsed().as_secs() < 30, "still: {late:?}");
    }
    let hidden = guest.get(&format!("/api/events/{id}/view")).await;
    assert_eq!(hidden.status, 404, "its owner alone sees it");
}

pub(crate) async fn who_is_banned_is_refused_at_once_auth_3(door: &Door) {
    let (host, guest) = (door.register("host").await, door.register("guest").await);
    let id = host.publish("Without them", 5).await;
    assert_eq!(guest.join(&id, "k1").await.status, 200);
    let user = guest.get("/api/auth/me").await.json()["data"]["user"]["id"].clone();
    let moderator = door.sign_in("moderator").await;
    let ban = format!("/api/auth/mod/users/{}/ban", user.as_str().unwrap());
    assert_eq!(guest.post(&ban).await.status, 403);
    let banned = moderator.post(&ban).await;
    assert_eq!(banned.status, 200, "{banned:?}");
    let begun = std::time::Instant::now();
    while guest.view(&id).await["actions"]["reason"] != "auth_required" {
        assert!(begun.elapsed().as_secs() < 5, "the door still knows them");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let left = guest.leave(&id, "k2").await;
    assert_eq!(left.status, 401, "{left:?}");
    assert_eq!(host.view(&id).await["actions"]["reason"], "is_organizer");
}
