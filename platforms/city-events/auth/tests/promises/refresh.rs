use std::{
    sync::{Arc, Barrier},
    thread,
};

use seaworthy::config::Profile;
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::Value;

use crate::place::{Place, code, cookie, open_with, person};

const REFRESH: &str = "/auth/v1/refresh";

pub(crate) async fn a_refresh_token_is_good_once(place: Place) {
    let ada = place.register("ada@example.org");
    let refreshed = person(&place.with_cookie(&ada.cookie, REFRESH), 200);
    assert_eq!(refreshed.id, ada.id);
    assert_ne!(refreshed.cookie, ada.cookie);
    let again = place.with_cookie(&ada.cookie, REFRESH);
    assert_eq!(
        (again.status, code(&again).as_str()),
        (401, "refresh_token_invalid")
    );
    let without = place.send("POST", REFRESH, &[], "{ this is not looked at");
    assert_eq!(
        (without.status, code(&without).as_str()),
        (401, "refresh_token_invalid")
    );
    // Two tabs that refreshed at once do not end the session.
    assert_eq!(place.with_cookie(&refreshed.cookie, REFRESH).status, 200);
}

pub(crate) async fn of_two_refreshes_at_once_one_wins(place: Place) {
    let ada = place.register("ada@example.org");
    let barrier = Arc::new(Barrier::new(4));
    let asked: Vec<_> = (0..4)
        .map(|_| {
            let (barrier, address, cookie) = (Arc::clone(&barrier), place.http, ada.cookie.clone());
            thread::spawn(move || {
                barrier.wait();
                seaworthy_testkit::http::request(
                    address,
                    "POST",
                    REFRESH,
                    &[("cookie", &cookie)],
                    "",
                )
                .unwrap()
            })
        })
        .collect();
    let answers: Vec<_> = asked
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401]);
    let winner = answers.iter().find(|answer| answer.status == 200).unwrap();
    assert_eq!(
        place.with_cookie(&cookie(winner), REFRESH).status,
        200,
        "the session goes on"
    );
}

pub(crate) async fn a_token_used_again_later_ends_the_session(place: Place) {
    let ada = place.register("ada@example.org");
    let next = person(&place.with_cookie(&ada.cookie, REFRESH), 200);
    // Later: the exchange lies further back than two tabs are apart.
    let database = place.connected().await;
    let past = seaworthy::data::sql("UPDATE account_used_tokens SET used_us = used_us - 60000000");
    past.execute(&database).await.unwrap();
    let stolen = place.with_cookie(&ada.cookie, REFRESH);
    assert_eq!(
        (stolen.status, code(&stolen).as_str()),
        (401, "refresh_token_invalid")
    );
    let owner = place.with_cookie(&next.cookie, REFRESH);
    assert_eq!(owner.status, 401, "nobody can tell who is the thief");
    let access = place.as_person(&next, "GET", "/auth/v1/me", &Value::Null);
    assert_eq!(
        (access.status, code(&access).as_str()),
        (401, "token_invalid")
    );
    assert_eq!(
        place
            .told("auth.user.changed", |body| body["user_id"] == ada.id)
            .await["version"],
        1
    );
}

pub(crate) async fn a_banned_user_keeps_the_token_and_gets_nothing(place: Place) {
    let ada = place.register("ada@example.org");
    let admin = place.seeded("admin");
    let moderate = |what: &str| {
        let path = format!("/auth/v1/mod/users/{}/{what}", ada.id);
        assert_eq!(
            place.as_person(&admin, "POST", &path, &Value::Null).status,
            200
        );
    };
    moderate("ban");
    let refused = place.with_cookie(&ada.cookie, REFRESH);
    assert_eq!(
        (refused.status, code(&refused).as_str()),
        (403, "account_locked")
    );
    moderate("unban");
    let back = person(&place.with_cookie(&ada.cookie, REFRESH), 200);
    assert_eq!(
        place
            .as_person(&back, "GET", "/auth/v1/me", &Value::Null)
            .status,
        200
    );
    assert_eq!(
        place
            .as_person(&ada, "GET", "/auth/v1/me", &Value::Null)
            .status,
        401,
        "of before the ban"
    );
}

pub(crate) async fn a_logout_ends_the_session(place: Place) {
    let ada = place.register("ada@example.org");
    for cookie in [
        ada.cookie.as_str(),
        ada.cookie.as_str(),
        "refresh_token=nonsense",
        "other=1",
    ] {
        let answer = place.with_cookie(cookie, "/auth/v1/logout");
        assert_eq!((answer.status, answer.body.as_str()), (204, ""));
        let cleared = "refresh_token=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";
        assert_eq!(answer.header("set-cookie"), Some(cleared));
    }
    assert_eq!(place.with_cookie(&ada.cookie, REFRESH).status, 401);
}

pub(crate) async fn a_planted_token_is_not_taken_over(place: Place) {
    // Session fixation: whoever logs in gets a token that nobody has seen, whatever the browser brought.
    let attacker = place.register("eve@example.org");
    place.register("ada@example.org");
    let body =
        serde_json::json!({ "email": "ada@example.org", "password": crate::place::PASSWORD });
    let answer = place.send(
        "POST",
        "/auth/v1/login",
        &[("cookie", &attacker.cookie)],
        &body.to_string(),
    );
    let ada = person(&answer, 200);
    assert_ne!(ada.cookie, attacker.cookie);
    let refreshed = person(&place.with_cookie(&attacker.cookie, REFRESH), 200);
    assert_eq!(
        refreshed.id, attacker.id,
        "the planted session stays its owner's"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_development_both_names_are_read_and_the_one_of_the_host_counts_more_auth_3() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let place = open_with(empty, Profile::Development, &["rate_limit.enabled=false"]).await;
    let (ada, eve) = (
        place.register("ada@example.org"),
        place.register("eve@example.org"),
    );
    let both = format!("{}; __Host-{}", eve.cookie, ada.cookie);
    assert_eq!(person(&place.with_cookie(&both, REFRESH), 200).id, ada.id);
}
