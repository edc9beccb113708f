use std::{
    sync::{Arc, Barrier},
    thread,
};

use seaworthy::config::Profile;
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::Value;

use crate::app::{TestApp, code, cookie, logged_in_user, open_with};

const REFRESH: &str = "/auth/v1/refresh";

pub(crate) async fn refresh_token_is_single_use(app: TestApp) {
    let ada = app.register("ada@example.org");
    let refreshed = logged_in_user(&app.with_cookie(&ada.cookie, REFRESH), 200);
    assert_eq!(refreshed.id, ada.id);
    assert_ne!(refreshed.cookie, ada.cookie);
    let again = app.with_cookie(&ada.cookie, REFRESH);
    assert_eq!(
        (again.status, code(&again).as_str()),
        (401, "refresh_token_invalid")
    );
    let without = app.send("POST", REFRESH, &[], "{ not read");
    assert_eq!(
        (without.status, code(&without).as_str()),
        (401, "refresh_token_invalid")
    );
    // Two tabs that refreshed at the same time do not end the session.
    assert_eq!(app.with_cookie(&refreshed.cookie, REFRESH).status, 200);
}

pub(crate) async fn one_concurrent_refresh_wins(app: TestApp) {
    let ada = app.register("ada@example.org");
    let barrier = Arc::new(Barrier::new(4));
    let asked: Vec<_> = (0..4)
        .map(|_| {
            let (barrier, address, cookie) = (Arc::clone(&barrier), app.http, ada.cookie.clone());
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
        app.with_cookie(&cookie(winner), REFRESH).status,
        200,
        "the session continues"
    );
}

pub(crate) async fn reused_refresh_token_ends_session(app: TestApp) {
    let ada = app.register("ada@example.org");
    let next = logged_in_user(&app.with_cookie(&ada.cookie, REFRESH), 200);
    // The reuse is later than the grace period for concurrent tabs.
    let database = app.connect().await;
    let past = seaworthy::data::sql("UPDATE account_used_tokens SET used_us = used_us - 60000000");
    past.execute(&database).await.unwrap();
    let stolen = app.with_cookie(&ada.cookie, REFRESH);
    assert_eq!(
        (stolen.status, code(&stolen).as_str()),
        (401, "refresh_token_invalid")
    );
    let owner = app.with_cookie(&next.cookie, REFRESH);
    assert_eq!(owner.status, 401, "the whole session ends");
    let access = app.request_as(&next, "GET", "/auth/v1/me", &Value::Null);
    assert_eq!(
        (access.status, code(&access).as_str()),
        (401, "token_invalid")
    );
    assert_eq!(
        app.wait_for_event("auth.user.changed", |body| body["user_id"] == ada.id)
            .await["version"],
        1
    );
}

pub(crate) async fn banned_user_cannot_refresh(app: TestApp) {
    let ada = app.register("ada@example.org");
    let admin = app.seeded("admin");
    let moderate = |what: &str| {
        let path = format!("/auth/v1/mod/users/{}/{what}", ada.id);
        assert_eq!(
            app.request_as(&admin, "POST", &path, &Value::Null).status,
            200
        );
    };
    moderate("ban");
    let refused = app.with_cookie(&ada.cookie, REFRESH);
    assert_eq!(
        (refused.status, code(&refused).as_str()),
        (403, "account_locked")
    );
    moderate("unban");
    let back = logged_in_user(&app.with_cookie(&ada.cookie, REFRESH), 200);
    assert_eq!(
        app.request_as(&back, "GET", "/auth/v1/me", &Value::Null)
            .status,
        200
    );
    assert_eq!(
        app.request_as(&ada, "GET", "/auth/v1/me", &Value::Null)
            .status,
        401,
        "tokens from before the ban are revoked"
    );
}

pub(crate) async fn logout_ends_session(app: TestApp) {
    let ada = app.register("ada@example.org");
    for cookie in [
        ada.cookie.as_str(),
        ada.cookie.as_str(),
        "refresh_token=nonsense",
        "other=1",
    ] {
        let answer = app.with_cookie(cookie, "/auth/v1/logout");
        assert_eq!((answer.status, answer.body.as_str()), (204, ""));
        let cleared = "refresh_token=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";
        assert_eq!(answer.header("set-cookie"), Some(cleared));
    }
    assert_eq!(app.with_cookie(&ada.cookie, REFRESH).status, 401);
}

pub(crate) async fn login_replaces_planted_session(app: TestApp) {
    // Session fixation: a login creates a new token and ignores the token of the request.
    let attacker = app.register("eve@example.org");
    app.register("ada@example.org");
    let body = serde_json::json!({ "email": "ada@example.org", "password": crate::app::PASSWORD });
    let answer = app.send(
        "POST",
        "/auth/v1/login",
        &[("cookie", &attacker.cookie)],
        &body.to_string(),
    );
    let ada = logged_in_user(&answer, 200);
    assert_ne!(ada.cookie, attacker.cookie);
    let refreshed = logged_in_user(&app.with_cookie(&attacker.cookie, REFRESH), 200);
    assert_eq!(
        refreshed.id, attacker.id,
        "the planted session still belongs to its owner"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn host_cookie_takes_precedence_in_development_auth_3() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let app = open_with(empty, Profile::Development, &["rate_limit.enabled=false"]).await;
    let (ada, eve) = (
        app.register("ada@example.org"),
        app.register("eve@example.org"),
    );
    let both = format!("{}; __Host-{}", eve.cookie, ada.cookie);
    assert_eq!(
        logged_in_user(&app.with_cookie(&both, REFRESH), 200).id,
        ada.id
    );
}
