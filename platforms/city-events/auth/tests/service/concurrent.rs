//! Changes to a user during a request of that user.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use seaworthy::data::sql;
use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, TestUser, body, code, logged_in_user};

/// After the password check, before the session begins.
const AFTER_PASSWORD_CHECK: &str = "AFTER DELETE ON account_failures";
/// After the rotation of the refresh token, before the response.
const AFTER_ROTATION: &str = "AFTER UPDATE ON account_sessions";
const OTHER_PASSWORD: &str = "green boats at night";

/// Applies a change to a user and raises the token version, like a ban or a new role, at a point
/// during the next request.
async fn update_user_at(app: &TestApp, moment: &str, user: &TestUser, change: &str) {
    let versions = app.connect().await;
    // The row does not exist until the version is raised.
    sql("INSERT INTO account_versions (user_id, version, changed_us) VALUES (?, 0, 0)")
        .bind(user.id.as_str())
        .execute(&versions)
        .await
        .unwrap();
    let update = format!("UPDATE users SET {change} WHERE email = '{}'", user.email);
    let version = format!(
        "UPDATE account_versions SET version = version + 1 WHERE user_id = '{}'",
        user.id
    );
    app.run_during(moment, &[update, version]).await;
}

fn me(app: &TestApp, user: &TestUser) -> HttpResponse {
    app.request_as(user, "GET", "/auth/v1/me", &Value::Null)
}

fn summary(answer: &HttpResponse) -> (u16, String) {
    (answer.status, code(answer))
}

/// Returns the stored password hash of a user.
async fn hash_of(app: &TestApp, user: &TestUser) -> String {
    let (hash,): (String,) = sql("SELECT password_hash FROM users WHERE email = ?")
        .bind(user.email.as_str())
        .fetch_one(&app.connect().await)
        .await
        .unwrap();
    hash
}

fn register_with(app: &TestApp, email: &str, password: &str) -> TestUser {
    let given = json!({ "email": email, "password": password });
    logged_in_user(&app.post("/auth/v1/register", &given), 201)
}

pub(crate) async fn ban_during_login_rejects_it_auth_3(app: TestApp) {
    let ada = app.register("ada@example.org");
    update_user_at(&app, AFTER_PASSWORD_CHECK, &ada, "locked = TRUE").await;
    let refused = app.log_in(&ada.email, PASSWORD);
    assert_eq!(summary(&refused), (401, "invalid_credentials".to_owned()));
    assert_eq!(refused.header("set-cookie"), None);
    let written: Vec<(String, String)> =
        sql("SELECT action, outcome FROM audit_log WHERE target_id = ? ORDER BY sequence")
            .bind(ada.id.as_str())
            .fetch_all(&app.connect().await)
            .await
            .unwrap();
    let last = written.last().unwrap();
    assert_eq!(
        (last.0.as_str(), last.1.as_str()),
        ("user.login", "refused")
    );
}

pub(crate) async fn role_set_during_login_is_in_the_token_auth_3(app: TestApp) {
    let moderator = app.seeded("moderator");
    update_user_at(&app, AFTER_PASSWORD_CHECK, &moderator, "role = 'user'").await;
    let answer = app.log_in(&moderator.email, city_events_auth::SEED_PASSWORD);
    let demoted = logged_in_user(&answer, 200);
    assert_eq!(body(&answer)["data"]["user"]["role"], "user");
    let claims = demoted.token.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["role"], "user");
    assert_eq!(me(&app, &demoted).status, 200);
    assert_eq!(
        me(&app, &moderator).status,
        401,
        "a token with the earlier role is revoked"
    );
}

pub(crate) async fn password_replaced_during_login_rejects_it_auth_3(app: TestApp) {
    let ada = app.register("ada@example.org");
    let other = register_with(&app, "other@example.org", OTHER_PASSWORD);
    let hash = hash_of(&app, &other).await;
    update_user_at(
        &app,
        AFTER_PASSWORD_CHECK,
        &ada,
        &format!("password_hash = '{hash}'"),
    )
    .await;
    let refused = app.log_in(&ada.email, PASSWORD);
    assert_eq!(summary(&refused), (401, "invalid_credentials".to_owned()));
    assert_eq!(app.log_in(&ada.email, OTHER_PASSWORD).status, 200);
}

pub(crate) async fn rehash_during_login_does_not_reject_it_auth_2(app: TestApp) {
    let ada = app.register("ada@example.org");
    let hash = hash_of(&app, &app.register("other@example.org")).await;
    update_user_at(
        &app,
        AFTER_PASSWORD_CHECK,
        &ada,
        &format!("password_hash = '{hash}'"),
    )
    .await;
    let ada = logged_in_user(&app.log_in(&ada.email, PASSWORD), 200);
    assert_eq!(me(&app, &ada).status, 200);
}

pub(crate) async fn password_replaced_during_change_stays_auth_3(app: TestApp) {
    let ada = app.register("ada@example.org");
    let other = register_with(&app, "other@example.org", OTHER_PASSWORD);
    let hash = hash_of(&app, &other).await;
    update_user_at(
        &app,
        AFTER_PASSWORD_CHECK,
        &ada,
        &format!("password_hash = '{hash}'"),
    )
    .await;
    let change =
        json!({ "old_password": PASSWORD, "new_password": "chosen with the old password" });
    let refused = app.request_as(&ada, "POST", "/auth/v1/password/change", &change);
    assert_eq!(summary(&refused), (401, "invalid_credentials".to_owned()));
    assert_eq!(hash_of(&app, &ada).await, hash);
}

pub(crate) async fn rehash_during_change_does_not_reject_it_auth_2(app: TestApp) {
    let ada = app.register("ada@example.org");
    let hash = hash_of(&app, &app.register("other@example.org")).await;
    let rehash = format!(
        "UPDATE users SET password_hash = '{hash}' WHERE email = '{}'",
        ada.email
    );
    app.run_during(AFTER_PASSWORD_CHECK, &[rehash]).await;
    let change = json!({ "old_password": PASSWORD, "new_password": OTHER_PASSWORD });
    let changed = app.request_as(&ada, "POST", "/auth/v1/password/change", &change);
    assert_eq!(changed.status, 204, "{}", changed.body);
    assert_ne!(hash_of(&app, &ada).await, hash);
}

pub(crate) async fn ban_during_refresh_revokes_new_token_auth_3(app: TestApp) {
    let ada = app.register("ada@example.org");
    update_user_at(&app, AFTER_ROTATION, &ada, "locked = TRUE").await;
    let refreshed = logged_in_user(&app.with_cookie(&ada.cookie, "/auth/v1/refresh"), 200);
    assert_eq!(
        summary(&me(&app, &refreshed)),
        (401, "token_invalid".to_owned())
    );
    let again = app.with_cookie(&refreshed.cookie, "/auth/v1/refresh");
    assert_eq!(summary(&again), (403, "account_locked".to_owned()));
}
