use seaworthy::data::sql;
use seaworthy_testkit::{http::HttpResponse, totp};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, TestUser, body, code, cookies, logged_in_user};

const VERIFY: &str = "auth.email.verify.requested";
const RESET: &str = "auth.password.reset.requested";

pub(crate) fn call(app: &TestApp, user: &TestUser, step: &str, given: Value) -> HttpResponse {
    app.request_as(user, "POST", &format!("/auth/v1/totp/{step}"), &given)
}

pub(crate) fn log_in(app: &TestApp, password: &str, code: &str) -> HttpResponse {
    let given = json!({ "email": "ada@example.org", "password": password, "totp_code": code });
    app.post("/auth/v1/login", &given)
}

pub(crate) fn rejection(answer: &HttpResponse) -> (u16, String) {
    (answer.status, code(answer))
}

/// Registers a user with a verified address.
pub(crate) async fn verified(app: &TestApp) -> TestUser {
    let ada = app.register("ada@example.org");
    let token = app.wait_for_link(VERIFY, &ada.id, 1).await;
    let answer = app.post("/auth/v1/verify-email/confirm", &json!({ "token": token }));
    assert_eq!(answer.status, 200, "{answer:?}");
    ada
}

/// Enables the second factor. Returns its secret and the recovery codes.
pub(crate) fn enable(app: &TestApp, user: &mut TestUser) -> (String, Vec<String>) {
    let enrolled = call(app, user, "enroll", json!({ "password": PASSWORD }));
    assert_eq!(enrolled.status, 200, "{enrolled:?}");
    assert_eq!(enrolled.header("cache-control"), Some("no-store"));
    let enrolled = body(&enrolled)["data"].clone();
    let secret = enrolled["secret"].as_str().unwrap().to_owned();
    let uri = enrolled["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/City%20Events:ada%40example.org?secret="));
    let picture = enrolled["qr_code"].as_str().unwrap();
    assert!(picture.starts_with("data:image/svg+xml;base64,"), "{uri}");
    // Users copy the code with spaces around it.
    let given = json!({ "totp_code": format!(" {} ", totp::code(&secret, 0)) });
    let confirmed = call(app, user, "confirm", given);
    assert_eq!(confirmed.header("cache-control"), Some("no-store"));
    *user = logged_in_user(&confirmed, 200);
    let codes = serde_json::from_value(body(&confirmed)["data"]["recovery_codes"].clone());
    (secret, codes.unwrap())
}

fn status(app: &TestApp, user: &TestUser) -> Value {
    let answer = app.request_as(user, "GET", "/auth/v1/totp", &Value::Null);
    body(&answer)["data"].clone()
}

pub(crate) async fn login_needs_code_once_enabled_auth_4(app: TestApp) {
    let mut ada = verified(&app).await;
    let is = |enabled: bool| json!({ "available": true, "enabled": enabled });
    assert_eq!(status(&app, &ada), is(false));
    // Without a confirmed code, the login stays as it is.
    call(&app, &ada, "enroll", json!({ "password": PASSWORD }));
    assert_eq!(app.log_in("ada@example.org", PASSWORD).status, 200);
    let wrong = call(&app, &ada, "confirm", json!({ "totp_code": "12345" }));
    assert_eq!(rejection(&wrong), (401, "totp_invalid".to_owned()));

    let (secret, _) = enable(&app, &mut ada);
    assert_eq!(status(&app, &ada), is(true));
    let again = call(&app, &ada, "enroll", json!({ "password": PASSWORD }));
    assert_eq!(rejection(&again), (409, "totp_exists".to_owned()));
    let missing = app.log_in("ada@example.org", PASSWORD);
    assert_eq!(rejection(&missing), (401, "totp_required".to_owned()));
    assert_eq!(cookies(&missing), Vec::<String>::new());
    let next = totp::code(&secret, 1);
    // A wrong password does not reveal the second factor, and uses up no code.
    let wrong = log_in(&app, "a wrong but long sentence", &next);
    assert_eq!(rejection(&wrong), (401, "invalid_credentials".to_owned()));
    let wrong = log_in(&app, PASSWORD, "000 000");
    assert_eq!(rejection(&wrong), (401, "totp_invalid".to_owned()));
    let right = log_in(&app, PASSWORD, &format!(" {next} "));
    assert_eq!((right.status, cookies(&right).len()), (200, 2), "{right:?}");
    let repeated = log_in(&app, PASSWORD, &next);
    assert_eq!(rejection(&repeated), (401, "totp_invalid".to_owned()));
}

pub(crate) async fn recovery_code_signs_in_once_auth_4(app: TestApp) {
    let mut ada = verified(&app).await;
    let (_, codes) = enable(&app, &mut ada);
    assert_eq!(log_in(&app, PASSWORD, &codes[0]).status, 200);
    let used = log_in(&app, PASSWORD, &codes[0]);
    assert_eq!(rejection(&used), (401, "totp_invalid".to_owned()));

    let given = |password: &str, code: &str| json!({ "password": password, "totp_code": code });
    let wrong = call(&app, &ada, "disable", given("a wrong sentence", &codes[1]));
    assert_eq!(rejection(&wrong), (401, "invalid_credentials".to_owned()));
    let wrong = call(&app, &ada, "disable", given(PASSWORD, &codes[0]));
    assert_eq!(rejection(&wrong), (401, "totp_invalid".to_owned()));
    let disabled = call(&app, &ada, "disable", given(PASSWORD, &codes[1]));
    assert_eq!(disabled.status, 204, "{disabled:?}");
    assert_eq!(app.log_in("ada@example.org", PASSWORD).status, 200);
}

pub(crate) async fn enrollment_needs_verified_email_and_password_auth_4(app: TestApp) {
    let ada = app.register("ada@example.org");
    let unverified = call(&app, &ada, "enroll", json!({ "password": PASSWORD }));
    assert_eq!(
        rejection(&unverified),
        (403, "email_not_verified".to_owned())
    );
    let token = app.wait_for_link(VERIFY, &ada.id, 1).await;
    app.post("/auth/v1/verify-email/confirm", &json!({ "token": token }));
    let wrong = call(
        &app,
        &ada,
        "enroll",
        json!({ "password": "a wrong sentence" }),
    );
    assert_eq!(rejection(&wrong), (401, "invalid_credentials".to_owned()));
    let missing = call(&app, &ada, "enroll", json!({}));
    assert_eq!(rejection(&missing), (400, "missing_field".to_owned()));
    let anonymous = app.post("/auth/v1/totp/enroll", &json!({ "password": PASSWORD }));
    assert_eq!(anonymous.status, 401);
    let without = app.replica(&["totp.secret=null"]).await;
    let path = "/auth/v1/totp/enroll";
    let bearer = format!("Bearer {}", ada.token);
    let given = json!({ "password": PASSWORD }).to_string();
    let headers = [("authorization", bearer.as_str())];
    let http = without.addresses().http;
    let off = seaworthy_testkit::http::request(http, "POST", path, &headers, &given).unwrap();
    assert_eq!(rejection(&off), (403, "feature_disabled".to_owned()));
    without.stop().await;
}

pub(crate) async fn wrong_codes_are_limited_apart_from_passwords_auth_4(app: TestApp) {
    let mut ada = verified(&app).await;
    let (_, codes) = enable(&app, &mut ada);
    let mut answers = (0..7).map(|_| rejection(&log_in(&app, PASSWORD, "000000")));
    let limited = (429, "rate_limited".to_owned());
    assert!(answers.any(|answer| answer == limited));
    // The owner has the codes.
    assert_eq!(log_in(&app, PASSWORD, &codes[0]).status, 200);
}

pub(crate) async fn enabled_factor_ends_other_sessions_and_devices_auth_4(app: TestApp) {
    let mut ada = verified(&app).await;
    // A thief of the password logs in on another device.
    let answer = app.log_in("ada@example.org", PASSWORD);
    let device = cookies(&answer)
        .into_iter()
        .find(|cookie| cookie.starts_with("device="))
        .unwrap();
    let thief = logged_in_user(&answer, 200);
    let former = ada.token.clone();
    let (_, codes) = enable(&app, &mut ada);
    assert_eq!(status(&app, &ada)["enabled"], true);
    for token in [&former, &thief.token] {
        let bearer = format!("Bearer {token}");
        let refused = app.send("GET", "/auth/v1/me", &[("authorization", &bearer)], "");
        assert_eq!(refused.status, 401, "{refused:?}");
    }
    let cookie = [("cookie", thief.cookie.as_str())];
    let refreshed = app.send("POST", "/auth/v1/refresh", &cookie, "");
    assert_eq!(refreshed.status, 401, "{refreshed:?}");
    let own = [("cookie", ada.cookie.as_str())];
    assert_eq!(app.send("POST", "/auth/v1/refresh", &own, "").status, 200);

    // Wrong codes of the former device count for the user.
    let given = json!({ "email": "ada@example.org", "password": PASSWORD, "totp_code": "000000" });
    let guess = |headers: &[(&str, &str)]| {
        let answer = app.send("POST", "/auth/v1/login", headers, &given.to_string());
        rejection(&answer)
    };
    let limited = (429, "rate_limited".to_owned());
    let known = [("cookie", device.as_str())];
    assert!((0..7).any(|_| guess(&known) == limited));
    assert_eq!(guess(&[]), limited);
    assert_eq!(log_in(&app, PASSWORD, &codes[0]).status, 200);
}

pub(crate) async fn new_password_ends_an_enrollment_auth_4(app: TestApp) {
    let ada = verified(&app).await;
    // A thief of the password begins enrollments.
    let begin = |user: &TestUser, password: &str| {
        let enrolled = call(&app, user, "enroll", json!({ "password": password }));
        let secret = &body(&enrolled)["data"]["secret"];
        totp::code(secret.as_str().unwrap(), 0)
    };
    let mut code = begin(&ada, PASSWORD);
    let (mut old, new) = (PASSWORD, "another horse entirely");
    for step in ["change", "reset"] {
        let replaced = match step {
            "change" => {
                let change = json!({ "old_password": old, "new_password": new });
                app.request_as(&ada, "POST", "/auth/v1/password/change", &change)
            }
            _ => {
                let asked = json!({ "email": "ada@example.org" });
                app.post("/auth/v1/password/reset/request", &asked);
                let token = app.wait_for_link(RESET, &ada.id, 1).await;
                let given = json!({ "token": token, "new_password": PASSWORD });
                app.post("/auth/v1/password/reset/confirm", &given)
            }
        };
        assert_eq!(replaced.status, 204, "{step}: {replaced:?}");
        old = if old == new { PASSWORD } else { new };
        let owner = logged_in_user(&app.log_in("ada@example.org", old), 200);
        let confirmed = call(&app, &owner, "confirm", json!({ "totp_code": code }));
        assert_eq!(
            rejection(&confirmed),
            (401, "totp_invalid".to_owned()),
            "{step}"
        );
        code = begin(&owner, old);
    }
}

pub(crate) async fn admin_resets_lost_second_factor_auth_4(app: TestApp) {
    let mut ada = verified(&app).await;
    enable(&app, &mut ada);
    let path = format!("/auth/v1/admin/users/{}/totp/reset", ada.id);
    let reset = |by: &TestUser, path: &str| app.request_as(by, "POST", path, &Value::Null);
    let moderator = reset(&app.seeded("moderator"), &path);
    assert_eq!(moderator.status, 403, "{moderator:?}");
    assert_eq!(reset(&ada, &path).status, 403);
    let admin = app.seeded("admin");
    let own = format!("/auth/v1/admin/users/{}/totp/reset", admin.id);
    let refused = rejection(&reset(&admin, &own));
    assert_eq!(refused, (403, "cannot_affect_self".to_owned()));
    let done = reset(&admin, &path);
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(body(&done)["data"]["status"], "totp_reset");

    let me = app.request_as(&ada, "GET", "/auth/v1/me", &Value::Null);
    assert_eq!(me.status, 401, "the lost device has a session");
    assert_eq!(app.log_in("ada@example.org", PASSWORD).status, 200);
    let entries: Vec<(String, String)> =
        sql("SELECT action, actor FROM audit_log WHERE target_id = ? AND action LIKE '%totp%' ORDER BY sequence")
            .bind(ada.id.as_str())
            .fetch_all(&app.connect().await)
            .await
            .unwrap();
    let expected = [
        ("user.enable_totp", &ada.id),
        ("user.reset_totp", &admin.id),
    ]
    .map(|(action, actor)| (action.to_owned(), actor.clone()));
    assert_eq!(entries, expected);
}
