//! Known devices: an attacker who keeps an account locked does not lock out its owner.

use seaworthy::data::sql;
use seaworthy_testkit::http::{HttpResponse, request};
use serde_json::json;

use crate::app::{JWT_SECRET, PASSWORD, TestApp, cookies, logged_in_user};

const RESET: &str = "auth.password.reset.requested";
const EMAIL: &str = "ada@example.org";
const WRONG: &str = "wrong horse battery";
const NEXT_SECRET: &str = "QSBzaGlwIGluIGhhcmJvciBpcyBzYWZlLCBidXQgdGhhdA";

/// Returns the device cookie that a response sets.
fn device(answer: &HttpResponse) -> String {
    let mut cookies = cookies(answer).into_iter();
    cookies
        .find(|cookie| cookie.starts_with("device="))
        .unwrap()
}

fn register(app: &TestApp, email: &str) -> HttpResponse {
    let answer = app.post(
        "/auth/v1/register",
        &json!({ "email": email, "password": PASSWORD }),
    );
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer
}

fn log_in(app: &TestApp, password: &str, cookie: &str) -> HttpResponse {
    let body = json!({ "email": EMAIL, "password": password }).to_string();
    app.send("POST", "/auth/v1/login", &[("cookie", cookie)], &body)
}

/// Locks the account, like an attacker who keeps trying wrong passwords.
async fn attack(app: &TestApp) {
    for _ in 0..5 {
        app.log_in(EMAIL, WRONG);
    }
    sql("UPDATE account_failures SET locked_until_us = {now_us} + 900000000 WHERE subject LIKE 'account:%' OR subject LIKE 'ip:%'")
        .execute(&app.connect().await)
        .await
        .unwrap();
    assert_eq!(app.log_in(EMAIL, PASSWORD).status, 429);
}

pub(crate) async fn known_device_logs_in_while_account_is_locked_auth_2(app: TestApp) {
    let owner = device(&register(&app, EMAIL));
    attack(&app).await;
    let answer = log_in(&app, PASSWORD, &owner);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (_, set) = answer
        .headers
        .iter()
        .find(|(name, value)| name == "set-cookie" && value.starts_with("device="))
        .unwrap();
    // The absolute timeout of sessions.
    let attributes = "; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax";
    assert!(set.ends_with(attributes), "{set}");
    assert_eq!(
        app.log_in(EMAIL, PASSWORD).status,
        429,
        "the lockout continues for other devices"
    );
}

pub(crate) async fn forged_and_foreign_device_cookies_are_ignored_auth_2(app: TestApp) {
    let owner = device(&register(&app, EMAIL));
    let foreign = device(&register(&app, "bob@example.org"));
    attack(&app).await;
    let (claims, _) = owner.rsplit_once('.').unwrap();
    let (_, proof) = foreign.rsplit_once('.').unwrap();
    for cookie in [
        foreign.clone(),
        format!("{claims}.{proof}"),
        format!("{owner}; {owner}"),
        format!("__Host-{owner}"),
        "device=".to_owned(),
        "device=a.0.99999999999.AAAA".to_owned(),
    ] {
        let answer = log_in(&app, PASSWORD, &cookie);
        assert_eq!(answer.status, 429, "{cookie}");
    }
}

pub(crate) async fn stolen_device_cookie_has_its_own_lockout_auth_2(app: TestApp) {
    let stolen = device(&register(&app, EMAIL));
    let other = device(&app.log_in(EMAIL, PASSWORD));
    for _ in 0..5 {
        let answer = log_in(&app, WRONG, &stolen);
        assert_eq!(answer.status, 401, "the cookie alone does not authenticate");
    }
    sql("UPDATE account_failures SET locked_until_us = {now_us} + 900000000 WHERE subject LIKE 'device:%' AND locked_until_us > 0")
        .execute(&app.connect().await)
        .await
        .unwrap();
    assert_eq!(log_in(&app, PASSWORD, &stolen).status, 429);
    assert_eq!(
        log_in(&app, PASSWORD, &other).status,
        200,
        "another device has its own lockout"
    );
    assert_eq!(app.log_in(EMAIL, PASSWORD).status, 200);
}

pub(crate) async fn new_password_ends_known_devices_auth_2(app: TestApp) {
    let registered = register(&app, EMAIL);
    let (ada, old) = (logged_in_user(&registered, 201), device(&registered));
    let asked = app.post(
        "/auth/v1/password/reset/request",
        &json!({ "email": EMAIL }),
    );
    assert_eq!(asked.status, 204);
    let token = app.wait_for_link(RESET, &ada.id, 1).await;
    attack(&app).await;
    let reset = app.post(
        "/auth/v1/password/reset/confirm",
        &json!({ "token": token, "new_password": "another horse entirely" }),
    );
    assert_eq!(reset.status, 204);
    attack(&app).await;
    assert_eq!(log_in(&app, "another horse entirely", &old).status, 429);
    let new = device(&reset);
    let answer = log_in(&app, "another horse entirely", &new);
    assert_eq!(answer.status, 200, "{}", answer.body);

    let ada = logged_in_user(&answer, 200);
    let changed = app.request_as(
        &ada,
        "POST",
        "/auth/v1/password/change",
        &json!({ "old_password": "another horse entirely", "new_password": PASSWORD }),
    );
    assert_eq!(
        changed.status, 429,
        "the lockout applies to password changes too"
    );
    let bearer = format!("Bearer {}", ada.token);
    let body = json!({ "old_password": "another horse entirely", "new_password": PASSWORD });
    let changed = app.send(
        "POST",
        "/auth/v1/password/change",
        &[("authorization", &bearer), ("cookie", &device(&answer))],
        &body.to_string(),
    );
    assert_eq!(changed.status, 204, "{}", changed.body);
    assert_eq!(log_in(&app, PASSWORD, &new).status, 429);
    assert_eq!(log_in(&app, PASSWORD, &device(&changed)).status, 200);
}

pub(crate) async fn known_device_survives_secret_rotation_auth_2(app: TestApp) {
    let owner = device(&register(&app, EMAIL));
    attack(&app).await;
    let rotated = app
        .replica(&[
            &format!("jwt.secret={NEXT_SECRET}"),
            &format!("jwt.additional_verification_keys=[\"{JWT_SECRET}\"]"),
            "rate_limit.enabled=false",
        ])
        .await;
    let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let log_in = |cookie: &str| {
        let headers = [("cookie", cookie)];
        request(
            rotated.addresses().http,
            "POST",
            "/auth/v1/login",
            &headers,
            &body,
        )
        .unwrap()
    };
    assert_eq!(log_in("").status, 429);
    let answer = log_in(&owner);
    assert_eq!(answer.status, 200, "{}", answer.body);
}
