//! Requests during which another request changes their user. The test locks the rows of all users,
//! and PostgreSQL shows which transactions wait for them. They continue in the order of their
//! arrival.

use std::thread;

use seaworthy::data::{Database, Transaction, sql, uuid::Uuid};
use seaworthy_testkit::{database::EmptyDatabase, eventually, http::HttpResponse, totp};
use serde_json::{Value, json};
use tokio::{runtime::Handle, task::block_in_place};

use crate::{
    app::{PASSWORD, TestApp, TestUser, body, logged_in_user, open},
    provider::{self, error_of, message},
    second_factor::{call, enable, log_in, rejection, verified},
};

const EMAIL: &str = "ada@example.org";
const NEW_PASSWORD: &str = "another horse entirely";
const RESET: &str = "auth.password.reset.requested";
const VERIFY: &str = "auth.email.verify.requested";

/// Returns once this number of statements wait for a lock.
async fn wait_for_blocked_statements(app: &TestApp, expected: usize) {
    eventually(async || app.empty.blocked_statements("") == expected).await;
}

async fn lock_users(database: &Database) -> Transaction {
    let tx = database.begin().await.unwrap();
    let users: Vec<(Uuid,)> = sql("SELECT id FROM users FOR UPDATE")
        .fetch_all(&tx)
        .await
        .unwrap();
    assert!(!users.is_empty());
    tx
}

/// Runs two requests up to the lock of their user, and then to their ends, the first one first.
async fn in_order<A: Send, B: Send>(
    app: &TestApp,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B + Send,
) -> (A, B) {
    let database = app.connect().await;
    let tx = lock_users(&database).await;
    let runtime = Handle::current();
    block_in_place(|| {
        thread::scope(|scope| {
            let first = scope.spawn(first);
            runtime.block_on(wait_for_blocked_statements(app, 1));
            let second = scope.spawn(second);
            runtime.block_on(wait_for_blocked_statements(app, 2));
            runtime.block_on(tx.commit()).unwrap();
            (first.join().unwrap(), second.join().unwrap())
        })
    })
}

/// Begins an enrollment. Returns the first code.
fn enroll(app: &TestApp, user: &TestUser) -> String {
    let enrolled = call(app, user, "enroll", json!({ "password": PASSWORD }));
    let secret = body(&enrolled)["data"]["secret"].clone();
    totp::code(secret.as_str().unwrap(), 0)
}

fn confirm(app: &TestApp, user: &TestUser, code: &str) -> HttpResponse {
    call(app, user, "confirm", json!({ "totp_code": code }))
}

/// Requests the link of a password reset, and returns its token.
async fn reset_link(app: &TestApp, user: &str) -> String {
    let asked = app.post(
        "/auth/v1/password/reset/request",
        &json!({ "email": EMAIL }),
    );
    assert_eq!(asked.status, 204, "{}", asked.body);
    app.wait_for_link(RESET, user, 1).await
}

fn reset(app: &TestApp, token: &str) -> HttpResponse {
    let given = json!({ "token": token, "new_password": NEW_PASSWORD });
    app.post("/auth/v1/password/reset/confirm", &given)
}

fn invalid_token() -> (u16, String) {
    (401, "token_invalid".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_in_flight_needs_a_new_second_factor_auth_4() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let app = open(empty).await;
    let ada = verified(&app).await;
    let code = enroll(&app, &ada);
    // An attacker with the password.
    let (confirmed, login) = in_order(
        &app,
        || confirm(&app, &ada, &code),
        || app.log_in(EMAIL, PASSWORD),
    )
    .await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    assert_eq!(rejection(&login), (401, "totp_required".to_owned()));
    assert_eq!(login.header("set-cookie"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_in_flight_is_not_used_for_a_later_state_auth_4() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let app = open(empty).await;
    let mut ada = verified(&app).await;
    let (secret, _) = enable(&app, &mut ada);
    let code = totp::code(&secret, 1);
    let (revoked, login) = in_order(
        &app,
        || app.request_as(&ada, "POST", "/auth/v1/sessions/revoke", &Value::Null),
        || log_in(&app, PASSWORD, &code),
    )
    .await;
    assert_eq!(revoked.status, 204, "{}", revoked.body);
    assert_eq!(rejection(&login), (401, "totp_invalid".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_in_flight_begins_its_session_after_revocation_auth_3() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let app = open(empty).await;
    let ada = app.register(EMAIL);
    let (revoked, login) = in_order(
        &app,
        || app.request_as(&ada, "POST", "/auth/v1/sessions/revoke", &Value::Null),
        || app.log_in(EMAIL, PASSWORD),
    )
    .await;
    assert_eq!(revoked.status, 204, "{}", revoked.body);
    // Its access token has the new version.
    let new = logged_in_user(&login, 200);
    let me = app.request_as(&new, "GET", "/auth/v1/me", &Value::Null);
    assert_eq!(me.status, 200, "{}", me.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn confirmation_in_flight_fails_after_a_password_reset_auth_4() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let app = open(empty).await;
    // A thief of the password has begun an enrollment.
    let ada = verified(&app).await;
    let code = enroll(&app, &ada);
    let link = reset_link(&app, &ada.id).await;
    let (replaced, confirmed) =
        in_order(&app, || reset(&app, &link), || confirm(&app, &ada, &code)).await;
    assert_eq!(replaced.status, 204, "{}", replaced.body);
    assert_eq!(rejection(&confirmed), invalid_token());
    assert_eq!(app.log_in(EMAIL, NEW_PASSWORD).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn enrollment_in_flight_fails_after_a_password_reset_auth_4() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let app = open(empty).await;
    let ada = verified(&app).await;
    let link = reset_link(&app, &ada.id).await;
    let given = json!({ "password": PASSWORD });
    let (replaced, enrolled) = in_order(
        &app,
        || reset(&app, &link),
        || call(&app, &ada, "enroll", given),
    )
    .await;
    assert_eq!(replaced.status, 204, "{}", replaced.body);
    assert_eq!(rejection(&enrolled), invalid_token());
    let (enrollments,): (i64,) = sql("SELECT count(*) FROM account_second_factors")
        .fetch_one(&app.connect().await)
        .await
        .unwrap();
    assert_eq!(enrollments, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removal_in_flight_fails_after_a_password_reset_auth_4() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let app = open(empty).await;
    let mut ada = verified(&app).await;
    let (_, codes) = enable(&app, &mut ada);
    let link = reset_link(&app, &ada.id).await;
    let given = json!({ "password": PASSWORD, "totp_code": codes[0] });
    let (replaced, disabled) = in_order(
        &app,
        || reset(&app, &link),
        || call(&app, &ada, "disable", given),
    )
    .await;
    assert_eq!(replaced.status, 204, "{}", replaced.body);
    assert_eq!(rejection(&disabled), invalid_token());
    let login = app.log_in(EMAIL, NEW_PASSWORD);
    assert_eq!(rejection(&login), (401, "totp_required".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn password_change_in_flight_fails_after_a_second_factor_auth_4() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let app = open(empty).await;
    let ada = verified(&app).await;
    // An attacker with the password has a session.
    let attacker = logged_in_user(&app.log_in(EMAIL, PASSWORD), 200);
    let code = enroll(&app, &ada);
    let change = json!({ "old_password": PASSWORD, "new_password": NEW_PASSWORD });
    let (confirmed, changed) = in_order(
        &app,
        || confirm(&app, &ada, &code),
        || app.request_as(&attacker, "POST", "/auth/v1/password/change", &change),
    )
    .await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    assert_eq!(rejection(&changed), invalid_token());
    let login = app.log_in(EMAIL, PASSWORD);
    assert_eq!(rejection(&login), (401, "totp_required".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moderation_in_flight_fails_after_a_revocation_auth_3() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let app = open(empty).await;
    let (admin, moderator) = (app.seeded("admin"), app.seeded("moderator"));
    let ada = app.register(EMAIL);
    let path = |area: &str, user: &TestUser, action: &str| {
        format!("/auth/v1/{area}/users/{}/{action}", user.id)
    };
    let revoke = path("admin", &moderator, "sessions/revoke");
    let ban = path("mod", &ada, "ban");
    let (revoked, banned) = in_order(
        &app,
        || app.request_as(&admin, "POST", &revoke, &Value::Null),
        || app.request_as(&moderator, "POST", &ban, &Value::Null),
    )
    .await;
    assert_eq!(revoked.status, 200, "{}", revoked.body);
    assert_eq!(rejection(&banned), invalid_token());
    assert_eq!(app.log_in(EMAIL, PASSWORD).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn avatar_in_flight_is_deleted_by_the_next_one_auth_3() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let app = open(empty).await;
    let ada = app.register(EMAIL);
    let set = |id: &str| {
        let given = json!({ "avatar_url": format!("/avatars/{id}") });
        app.request_as(&ada, "PATCH", "/auth/v1/me/avatar", &given)
    };
    let (first, second) = (
        "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
        "6ba7b811-9dad-41d1-80b4-00c04fd430c8",
    );
    let (one, other) = in_order(&app, || set(first), || set(second)).await;
    assert_eq!((one.status, other.status), (200, 200), "{}", other.body);
    let replaced = |event: &Value| event["old_avatar_id"] == first;
    app.wait_for_event("auth.avatar.updated", replaced).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn link_in_flight_is_not_locked_before_its_user_auth_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let app = open(empty).await;
    let ada = app.register(EMAIL);
    let verification = app.wait_for_link(VERIFY, &ada.id, 1).await;
    let link = reset_link(&app, &ada.id).await;
    let verify = || {
        let given = json!({ "token": verification });
        app.post("/auth/v1/verify-email/confirm", &given)
    };
    let calls: [(&(dyn Fn() -> HttpResponse + Sync), u16); 2] =
        [(&verify, 200), (&|| reset(&app, &link), 204)];
    for (request, status) in calls {
        let database = app.connect().await;
        let tx = lock_users(&database).await;
        let runtime = Handle::current();
        let answer = block_in_place(|| {
            thread::scope(|scope| {
                let answer = scope.spawn(request);
                runtime.block_on(async {
                    wait_for_blocked_statements(&app, 1).await;
                    // A request that has locked the user ends the links.
                    let links =
                        sql("SELECT purpose FROM account_one_time_tokens FOR UPDATE NOWAIT");
                    let links: Vec<(String,)> = links.fetch_all(&tx).await.unwrap();
                    assert!(!links.is_empty());
                    tx.commit().await.unwrap();
                });
                answer.join().unwrap()
            })
        });
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn provider_login_in_flight_fails_after_its_identity_ended_auth_4() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let Some(test) = provider::open(empty).await else {
        return;
    };
    let app = &test.app;
    // The provider has not verified the attacker's address.
    let evil = message(&test.log_in("evil-ada"));
    let id = evil["user"]["id"].as_str().unwrap();
    let verification = app.wait_for_link(VERIFY, id, 1).await;
    let given = json!({ "token": verification });
    let shown = app.post("/auth/v1/verify-email/confirm", &given);
    assert_eq!(shown.status, 200, "{}", shown.body);
    let link = reset_link(app, id).await;
    let started = test.begin("");
    let back = test.log_in_at_provider(&started, "evil-ada");
    let (replaced, login) = in_order(
        app,
        || reset(app, &link),
        || test.finish(&started.cookie, &back),
    )
    .await;
    assert_eq!(replaced.status, 204, "{}", replaced.body);
    assert_eq!(
        error_of(&login),
        "the provider has not verified the e-mail address"
    );
}
