use seaworthy::data::{sql, uuid::Uuid};
use seaworthy_testkit::{http::request, totp};
use serde_json::{Value, json};

use crate::app::{LOGINS, SUPER_EMAIL, TestApp, json_of, rejection};

pub(crate) async fn command_creates_first_admin_who_logs_in_auth_2(app: TestApp) {
    let admin = app.super_admin();
    let me = json_of(&app.get("/auth/me", &admin));
    assert_eq!(me["success"], true);
    assert_eq!(me["data"]["totpEnabled"], false);
    let user = &me["data"]["user"];
    assert_eq!(user["email"], SUPER_EMAIL);
    assert_eq!(user["roles"], json!(["super_admin"]));
    let permissions = user["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("trainer:approve")));
    let again = app.create_by_command(SUPER_EMAIL);
    assert!(!again.status.success());
    let text = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(text.contains("already exists"), "{text}");
}

pub(crate) async fn refresh_rotates_and_reuse_ends_session_auth_3(app: TestApp) {
    let admin = app.super_admin();
    let refreshed = app.refresh(&admin.refresh);
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    let tokens = json_of(&refreshed)["data"]["tokens"].clone();
    assert_eq!(tokens["expiresIn"], 600);
    let (access, next) = (
        tokens["accessToken"].as_str().unwrap(),
        tokens["refreshToken"].as_str().unwrap(),
    );
    assert_ne!(next, admin.refresh);
    assert_eq!(
        app.call("GET", "/auth/me", access, &Value::Null).status,
        200
    );

    let reused = app.refresh(&admin.refresh);
    assert_eq!(rejection(&reused), (401, "TOKEN_INVALID".to_owned()));
    assert_eq!(app.refresh(next).status, 401, "the family has ended");
    let revoked = app.call("GET", "/auth/me", access, &Value::Null);
    assert_eq!(rejection(&revoked), (401, "TOKEN_INVALID".to_owned()));
}

pub(crate) async fn cookies_carry_the_refresh_token_of_browsers_auth_3(app: TestApp) {
    let admin = app.super_admin();
    let body = json!({ "email": admin.email, "password": admin.password }).to_string();
    let headers = [("content-type", "application/json")];
    let path = |name: &str| format!("/api/v1/admin/auth/{name}");
    let answer = request(app.http, "POST", &path("login"), &headers, &body).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        json_of(&answer)["data"]["tokens"]["refreshToken"],
        Value::Null
    );
    let set: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .collect();
    assert_eq!(set.len(), 2);
    for (_, cookie) in &set {
        assert!(
            cookie.contains("Path=/api/v1") && cookie.contains("SameSite=Strict"),
            "{cookie}"
        );
        assert!(cookie.contains("HttpOnly"), "{cookie}");
    }
    let pair = |cookie: &str| cookie.split(';').next().unwrap().to_owned();
    let cookies: Vec<_> = set.iter().map(|(_, cookie)| pair(cookie)).collect();
    let cookies = cookies.join("; ");
    let refreshed = request(
        app.http,
        "POST",
        &path("refresh"),
        &[("cookie", cookies.as_str())],
        "",
    )
    .unwrap();
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    let foreign = [
        ("cookie", cookies.as_str()),
        ("origin", "https://evil.example"),
    ];
    let foreign = request(app.http, "POST", &path("refresh"), &foreign, "").unwrap();
    assert_eq!(foreign.status, 403, "{}", foreign.body);
}

pub(crate) async fn fifth_failure_locks_the_account_auth_2(app: TestApp) {
    let admin = app.super_admin();
    for email in [admin.email.as_str(), "unknown@example.org"] {
        for remaining in (1..5).rev() {
            let wrong = app.log_in(email, "Wrong-password-1");
            assert_eq!(rejection(&wrong), (401, "INVALID_CREDENTIALS".to_owned()));
            assert_eq!(
                json_of(&wrong)["data"]["remainingAttempts"],
                remaining,
                "{email}"
            );
        }
        // The fifth failure has the lock, as each login after it.
        let fifth = app.log_in(email, "Wrong-password-1");
        assert_eq!(rejection(&fifth), (423, "ACCOUNT_LOCKED".to_owned()));
        let locked = app.log_in(email, &admin.password);
        assert_eq!(rejection(&locked), (423, "ACCOUNT_LOCKED".to_owned()));
        let wait = json_of(&locked)["retryAfter"].as_u64().unwrap();
        assert!((1_700..=1_800).contains(&wait), "{wait}");
    }
}

pub(crate) async fn logins_of_an_account_are_limited_res_6(mut app: TestApp) {
    let admin = app.super_admin();
    for _ in 1..LOGINS {
        assert_eq!(app.log_in(&admin.email, &admin.password).status, 200);
    }
    let limited = app.log_in(&admin.email, &admin.password);
    assert_eq!(rejection(&limited), (429, "RATE_LIMITED".to_owned()));
    let wait = json_of(&limited)["retryAfter"].as_u64().unwrap();
    // In Redis the window slides in steps.
    assert!((1..=1_000).contains(&wait), "{wait}");
    assert!(limited.header("retry-after").is_some());
    // The limit is that of one account.
    let other = app.log_in("other@example.org", &admin.password);
    assert_eq!(rejection(&other), (401, "INVALID_CREDENTIALS".to_owned()));
    if let Some(redis) = &mut app.redis {
        redis.kill();
        let other = app.log_in("other@example.org", &admin.password);
        assert_eq!(rejection(&other), (503, "SERVICE_DEGRADED".to_owned()));
    }
}

pub(crate) async fn login_needs_the_second_factor_once_enabled_auth_4(app: TestApp) {
    let admin = app.super_admin();
    let post = |path: &str, body: Value| app.call("POST", path, &admin.token, &body);
    let wrong = post(
        "/auth/totp/enroll",
        json!({ "password": "Wrong-password-1" }),
    );
    assert_eq!(rejection(&wrong), (401, "INVALID_CREDENTIALS".to_owned()));
    let secret = app.enroll(&admin);
    let confirmed = app.confirm(&admin, &secret);
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let recovery = json_of(&confirmed)["data"]["recoveryCodes"][0]
        .as_str()
        .unwrap()
        .to_owned();

    let missing = app.log_in(&admin.email, &admin.password);
    assert_eq!(rejection(&missing), (401, "TOTP_REQUIRED".to_owned()));
    let log_in = |code: &str| {
        let body = json!({ "email": admin.email, "password": admin.password, "totpCode": code });
        app.call("POST", "/auth/login", "", &body)
    };
    let next = totp::code(&secret, 1);
    assert_eq!(log_in(&next).status, 200);
    assert_eq!(rejection(&log_in(&next)), (401, "TOTP_INVALID".to_owned()));
    assert_eq!(log_in(&recovery).status, 200);
}

pub(crate) async fn new_second_factor_ends_other_sessions_auth_4(app: TestApp) {
    let admin = app.super_admin();
    // An attacker with the password.
    let other = app.logged_in(&admin.email, &admin.password);
    let confirmed = app.confirm(&admin, &app.enroll(&admin));
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    for ended in [&admin, &other] {
        assert_eq!(app.get("/auth/me", ended).status, 401);
        assert_eq!(app.refresh(&ended.refresh).status, 401);
    }
    let tokens = &json_of(&confirmed)["data"]["tokens"];
    let text = |name: &str| tokens[name].as_str().unwrap();
    let me = app.call("GET", "/auth/me", text("accessToken"), &Value::Null);
    assert_eq!(json_of(&me)["data"]["totpEnabled"], true);
    assert_eq!(app.refresh(text("refreshToken")).status, 200);
}

pub(crate) async fn new_password_cancels_an_enrollment_auth_4(app: TestApp) {
    let admin = app.super_admin();
    let secret = app.enroll(&admin);
    let new = "Another-password-2";
    assert_eq!(app.change_password(&admin, new).status, 200);
    let admin = app.logged_in(&admin.email, new);
    let refused = app.confirm(&admin, &secret);
    assert_eq!(rejection(&refused), (401, "TOTP_INVALID".to_owned()));
}

pub(crate) async fn login_after_new_hash_parameters_succeeds_auth_2(app: TestApp) {
    let password = app.create_with_other_hash(SUPER_EMAIL);
    let database = app.database().await;
    let hash = async || {
        let hash = sql("SELECT password_hash FROM admin_users");
        let (hash,): (String,) = hash.fetch_one(&database).await.unwrap();
        hash
    };
    assert!(hash().await.contains("t=2"));
    app.logged_in(SUPER_EMAIL, &password);
    assert!(hash().await.contains("t=1"));
    app.logged_in(SUPER_EMAIL, &password);
}

pub(crate) async fn surplus_session_ends_its_access_tokens_auth_3(app: TestApp) {
    let admin = app.super_admin();
    let database = app.database().await;
    // Ten sessions are the limit.
    for number in 0..9 {
        let other = Uuid::from_u128(number);
        sql("INSERT INTO account_sessions (id, user_id, token_hash, user_agent, address, begun_us, used_us, until_us, ends_us) VALUES (?, ?, ?, '', '', {now_us}, {now_us} + 1000000, {now_us} + 60000000, {now_us} + 60000000)")
            .bind(other.to_string())
            .bind(admin.id.as_str())
            .bind(other.as_bytes().to_vec())
            .execute(&database)
            .await
            .unwrap();
    }
    assert_eq!(app.get("/auth/me", &admin).status, 200);
    app.logged_in(&admin.email, &admin.password);
    assert_eq!(app.get("/auth/me", &admin).status, 401);
}

pub(crate) async fn new_password_ends_all_sessions_auth_3(app: TestApp) {
    let admin = app.super_admin();
    let change = |current: &str, new: &str| {
        let body = json!({ "currentPassword": current, "newPassword": new });
        app.call("POST", "/auth/password/change", &admin.token, &body)
    };
    let weak = change(&admin.password, "alllowercase");
    assert_eq!(rejection(&weak), (400, "VALIDATION_ERROR".to_owned()));
    assert_eq!(json_of(&weak)["errors"][0]["field"], "newPassword");
    let changed = change(&admin.password, "Another-password-2");
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(app.get("/auth/me", &admin).status, 401);
    assert_eq!(app.refresh(&admin.refresh).status, 401);
    assert_eq!(app.log_in(&admin.email, &admin.password).status, 401);
    let next = app.logged_in(&admin.email, "Another-password-2");
    let out = app.call("POST", "/auth/logout-all", &next.token, &Value::Null);
    assert_eq!(out.status, 204);
    assert_eq!(app.get("/auth/me", &next).status, 401);
}
