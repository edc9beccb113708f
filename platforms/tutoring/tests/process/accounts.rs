use seaworthy::data::{
    Database,
    chrono::{TimeDelta, Utc},
    sql,
};
use seaworthy_testkit::worker;
use serde_json::{Value, json};

use crate::{
    app::{BASE, PASSWORD, TestPlatform, assert_error, json_of, tokens},
    authorization::claims_of,
    students::{eventually, send},
};

const EMAIL: &str = "asha@example.org";
const OTHER_EMAIL: &str = "ravi@example.org";
const PHONE: &str = "+919812345678";
/// The lifetime of a code by e-mail, in microseconds.
const CODE_LIFETIME: i64 = 10 * 60 * 1_000_000;

pub(crate) async fn code_verifies_a_registration_auth_2(app: &TestPlatform) {
    let body = json!({
        "email": EMAIL, "password": PASSWORD, "username": "asha_k", "phone": PHONE,
    });
    let registered = app.post("/register", &body);
    assert_eq!(registered.status, 201, "{}", registered.body);
    assert_eq!(json_of(&registered)["data"]["status"], "created");
    assert_error(&app.log_in(EMAIL, PASSWORD), 403, "EMAIL_NOT_VERIFIED");

    let again = app.post("/register", &body);
    assert_eq!(
        (again.status, &json_of(&again)["data"]["status"]),
        (200, &json!("otp_resent"))
    );
    let code = app.mailed_code(EMAIL, 2);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let verify = |code: &str| app.post("/email/verify", &json!({ "email": EMAIL, "otp": code }));
    let refused = verify(wrong);
    assert_error(&refused, 400, "INVALID_CODE");
    assert_eq!(json_of(&refused)["data"]["remainingAttempts"], 4);
    let database = app.database("student-auth").await;
    delay_codes(&database, -CODE_LIFETIME).await;
    assert_error(&verify(&code), 400, "INVALID_CODE");
    delay_codes(&database, CODE_LIFETIME).await;
    let verified = verify(&code);
    let session = tokens(&verified);
    let user = &json_of(&verified)["data"]["user"];
    assert_eq!(
        (&user["username"], &user["isEmailVerified"]),
        (&json!("asha_k"), &json!(true))
    );
    assert_error(&verify(&code), 400, "INVALID_CODE");
    assert_error(&app.post("/register", &body), 409, "CONFLICT");
    for (member, taken) in [("username", "ASHA_K"), ("phone", PHONE)] {
        let mut other = json!({ "email": OTHER_EMAIL, "password": PASSWORD });
        other[member] = json!(taken);
        assert_error(&app.post("/register", &other), 409, "CONFLICT");
    }

    let profile = app.call(&session.access, "GET", "/profile", &Value::Null);
    assert_eq!(json_of(&profile)["data"]["email"], EMAIL);
    assert_eq!(
        tokens(&app.post(
            "/login",
            &json!({ "username": "ASHA_K", "password": PASSWORD })
        ))
        .refresh
        .len(),
        43
    );
    let invalid = app.post(
        "/register",
        &json!({ "email": "asha", "password": "short" }),
    );
    assert_error(&invalid, 400, "VALIDATION_ERROR");
    assert_eq!(json_of(&invalid)["errors"].as_array().unwrap().len(), 2);
    assert!(invalid.header("x-ratelimit-remaining").is_some());
    let none = app.call(&session.access, "POST", "/password/change", &json!({}));
    assert_error(&none, 400, "VALIDATION_ERROR");
    let errors = &json_of(&none)["errors"];
    assert_eq!(
        (&errors[0]["field"], &errors[1]["field"]),
        (&json!("currentPassword"), &json!("newPassword"))
    );
    assert_unverified_accounts_are_deleted(app, &database).await;
}

/// Moves the expiry of all codes.
async fn delay_codes(database: &Database, microseconds: i64) {
    let moved =
        sql("UPDATE account_one_time_codes SET expires_us = expires_us + ?").bind(microseconds);
    moved.execute(database).await.unwrap();
}

/// Accounts that were not verified for a day are deleted. The account of the test is verified.
async fn assert_unverified_accounts_are_deleted(app: &TestPlatform, database: &Database) {
    let young = "dev@example.org";
    for email in [OTHER_EMAIL, young] {
        let body = json!({ "email": email, "password": PASSWORD });
        assert_eq!(app.post("/register", &body).status, 201);
    }
    let created = sql("UPDATE accounts SET created_at = ? WHERE email <> ?")
        .bind(Utc::now() - TimeDelta::hours(25))
        .bind(young);
    created.execute(database).await.unwrap();
    let service = app.admin_address("student-auth");
    worker::run(service, "delete unverified accounts").unwrap();
    let left: Vec<(String,)> = sql("SELECT email FROM accounts ORDER BY email")
        .fetch_all(database)
        .await
        .unwrap();
    assert_eq!(left, [(EMAIL.to_owned(),), (young.to_owned(),)]);
}

pub(crate) async fn refresh_rotates_and_reuse_ends_session_auth_3(app: &TestPlatform) {
    let first = app.student(EMAIL);
    let refresh = |token: &str| app.post("/refresh", &json!({ "refreshToken": token }));
    let claims = claims_of(&first.access);
    let lock = format!("lock:refresh:{}", claims["sid"].as_str().unwrap());
    if app.redis(&format!("SET {lock} 1")).is_some() {
        let refused = refresh(&first.refresh);
        assert_error(&refused, 429, "RATE_LIMITED");
        assert_eq!(json_of(&refused)["message"], "Refresh in progress");
        app.redis(&format!("DEL {lock}"));
    }
    let second = tokens(&refresh(&first.refresh));
    assert_ne!(first.refresh, second.refresh);
    let profile = |token: &str| app.call(token, "GET", "/profile", &Value::Null);
    assert_eq!(profile(&second.access).status, 200);

    assert_error(&refresh(&first.refresh), 401, "TOKEN_INVALID");
    assert_error(&refresh(&second.refresh), 401, "TOKEN_INVALID");
    assert_error(&profile(&second.access), 401, "TOKEN_INVALID");
    assert_error(&refresh("x"), 401, "TOKEN_INVALID");

    // A browser has the token in a cookie, and names its page.
    let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let login = app.send("POST", &format!("{BASE}/login"), &[], &body);
    assert!(
        json_of(&login)["data"]["tokens"]
            .get("refreshToken")
            .is_none()
    );
    let cookies = login
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    let cookies: Vec<_> = cookies.map(|(_, value)| value.as_str()).collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for cookie in &cookies {
        let attributes = "; Path=/api/v1; Max-Age=2592000; HttpOnly; SameSite=Strict";
        assert!(cookie.ends_with(attributes), "{cookie}");
    }
    let pair = cookies[0].split(';').next().unwrap();
    assert!(pair.starts_with("refreshToken="), "{pair}");
    let path = format!("{BASE}/refresh");
    let origin = format!("http://{}", app.gateway);
    let by_cookie = |headers: &[(&str, &str)]| app.send("POST", &path, headers, "");
    assert_error(&by_cookie(&[("cookie", pair)]), 403, "FORBIDDEN");
    let foreign = by_cookie(&[("cookie", pair), ("origin", "https://evil.example")]);
    assert_error(&foreign, 403, "FORBIDDEN");
    assert_eq!(
        by_cookie(&[("cookie", pair), ("origin", &origin)]).status,
        200
    );
}

pub(crate) async fn logout_all_ends_all_sessions_auth_3(app: &TestPlatform) {
    let first = app.student(EMAIL);
    let second = tokens(&app.log_in(EMAIL, PASSWORD));
    let third = tokens(&app.log_in(EMAIL, PASSWORD));
    let refresh = |token: &str| app.post("/refresh", &json!({ "refreshToken": token }));
    let profile = |token: &str| app.call(token, "GET", "/profile", &Value::Null);

    let own = json_of(&profile(&first.access))["data"]["id"].clone();
    let home = format!("/students/{}/home", own.as_str().unwrap());
    let home = |token: &str| send(app, token, "GET", &home, &Value::Null);
    eventually(|| (home(&first.access).status == 200).then_some(Value::Null));
    let body = json!({ "refreshToken": third.refresh });
    assert_eq!(app.post("/logout", &body).status, 200);
    assert_error(&profile(&third.access), 401, "TOKEN_INVALID");
    assert_eq!(profile(&second.access).status, 200);
    assert_eq!(
        app.call(&first.access, "POST", "/logout-all", &Value::Null)
            .status,
        200
    );
    for ended in [&first, &second] {
        assert_error(&profile(&ended.access), 401, "TOKEN_INVALID");
        // The session has ended at all services.
        assert_error(&home(&ended.access), 401, "TOKEN_INVALID");
        assert_error(&refresh(&ended.refresh), 401, "TOKEN_INVALID");
    }
}

pub(crate) async fn fifth_failure_locks_the_account_auth_2(app: &TestPlatform) {
    app.student(EMAIL);
    // Existing and unknown accounts get the same responses.
    for email in [EMAIL, "unknown@example.org"] {
        for remaining in [4, 3, 2, 1] {
            let refused = app.log_in(email, "Wrong4Harbour");
            assert_error(&refused, 401, "INVALID_CREDENTIALS");
            let shown = &json_of(&refused)["data"]["remainingAttempts"];
            assert_eq!(shown, &json!(remaining), "{email}");
        }
        for password in ["Wrong4Harbour", PASSWORD] {
            let locked = app.log_in(email, password);
            assert_error(&locked, 423, "ACCOUNT_LOCKED");
            let seconds = json_of(&locked)["retryAfter"].as_u64().unwrap();
            assert!((1_700..=1_800).contains(&seconds), "{seconds}");
        }
    }
    assert_sixth_login_is_rejected(app);
}

/// The limit also counts logins with the right password.
fn assert_sixth_login_is_rejected(app: &TestPlatform) {
    app.student(OTHER_EMAIL);
    for _ in 0..5 {
        tokens(&app.log_in(OTHER_EMAIL, PASSWORD));
    }
    let sixth = app.log_in(OTHER_EMAIL, PASSWORD);
    assert_error(&sixth, 429, "RATE_LIMITED");
    assert_eq!(sixth.header("x-ratelimit-limit"), Some("5"));
}

pub(crate) async fn new_password_ends_sessions_auth_3(app: &TestPlatform) {
    let session = app.student(EMAIL);
    for email in [EMAIL, "unknown@example.org"] {
        let forgot = app.post("/password/forgot", &json!({ "email": email }));
        assert_eq!(forgot.status, 200);
        assert_eq!(
            json_of(&forgot)["message"],
            "if the account exists, a code was sent"
        );
    }
    let body = json!({
        "email": EMAIL,
        "otp": app.mailed_code(EMAIL, 2),
        "newPassword": "Other4Harbour",
    });
    assert_eq!(app.post("/password/reset", &body).status, 200);
    let profile = app.call(&session.access, "GET", "/profile", &Value::Null);
    assert_error(&profile, 401, "TOKEN_INVALID");
    assert_error(&app.log_in(EMAIL, PASSWORD), 401, "INVALID_CREDENTIALS");
    let session = tokens(&app.log_in(EMAIL, "Other4Harbour"));

    let body = json!({ "currentPassword": "Other4Harbour", "newPassword": PASSWORD });
    let changed = app.call(&session.access, "POST", "/password/change", &body);
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(app.log_in(EMAIL, PASSWORD).status, 200);
}

pub(crate) async fn rival_registration_sets_no_password_auth_2(app: &TestPlatform) {
    let register = |password: &str| {
        app.post(
            "/register",
            &json!({ "email": EMAIL, "password": password }),
        )
        .status
    };
    // The first or the second of them is not the owner of the address.
    assert_eq!((register(PASSWORD), register("Rival4Harbour")), (201, 200));
    let body = json!({ "email": EMAIL, "otp": app.mailed_code(EMAIL, 2) });
    tokens(&app.post("/email/verify", &body));
    for password in [PASSWORD, "Rival4Harbour"] {
        assert_error(&app.log_in(EMAIL, password), 401, "INVALID_CREDENTIALS");
    }
}
