use seaworthy::config::Profile;
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};

use crate::app::{INTERNAL_SECRET, PASSWORD, TestApp, body, code, logged_in_user, open_with};

pub(crate) async fn registration_logs_user_in(app: TestApp) {
    let given =
        json!({ "email": "  Ada@Example.ORG ", "password": PASSWORD, "name": "Ada", "more": [1] });
    let answer = app.post("/auth/v1/register", &given);
    let ada = logged_in_user(&answer, 201);
    let data = &body(&answer)["data"];
    let expected = json!({ "id": ada.id, "email": "ada@example.org", "role": "user", "email_verified": false, "locked": false, "has_password": true });
    assert_eq!(data["user"], expected);
    assert_eq!(data["tokens"]["token_type"], "Bearer");
    assert_eq!(data["tokens"]["expires_in"], 900);
    assert_eq!(
        data["tokens"].as_object().unwrap().len(),
        3,
        "no refresh token in JSON"
    );
    let cookie = answer.header("set-cookie").unwrap();
    let (value, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(value.strip_prefix("refresh_token=").unwrap().len(), 43);
    assert_eq!(attributes, "Path=/; Max-Age=604800; HttpOnly; SameSite=Lax");
    let event = app
        .wait_for_event("auth.email.verify.requested", |body| {
            body["user_id"] == ada.id
        })
        .await;
    assert_eq!(event["email"], "ada@example.org");
    assert!(event["url"].as_str().unwrap().contains("token="));
    let again = logged_in_user(&app.log_in("ADA@example.org", PASSWORD), 200);
    assert_eq!(again.id, ada.id);
    assert_ne!(again.cookie, ada.cookie);
}

pub(crate) async fn duplicate_address_conflicts(app: TestApp) {
    app.register("ada@example.org");
    let given = json!({ "email": "ADA@example.org", "password": PASSWORD });
    let answer = app.post("/auth/v1/register", &given);
    assert_eq!(
        (answer.status, code(&answer).as_str()),
        (409, "email_already_exists")
    );
}

pub(crate) async fn missing_or_weak_fields_are_named(app: TestApp) {
    let meta = |path: &str, given: Value| {
        let answer = app.post(path, &given);
        let body = body(&answer);
        assert!(body["error"]["request_id"].is_string() && body["error"]["message"].is_string());
        (answer.status, code(&answer), body["error"]["meta"].clone())
    };
    for path in ["/auth/v1/register", "/auth/v1/login"] {
        let missing = |field| (400, "missing_field".to_owned(), json!({ "field": field }));
        assert_eq!(
            meta(path, json!({ "password": PASSWORD })),
            missing("email")
        );
        assert_eq!(
            meta(path, json!({ "email": " ", "password": PASSWORD })),
            missing("email")
        );
        assert_eq!(
            meta(path, json!({ "email": "ada@example.org" })),
            missing("password")
        );
        for text in ["", "[]", "{", "{} {}", r#"{"email":1}"#] {
            let answer = app.send("POST", path, &[], text);
            assert_eq!(
                (answer.status, code(&answer).as_str()),
                (400, "invalid_json"),
                "{text}"
            );
        }
    }
    let weak = meta(
        "/auth/v1/register",
        json!({ "email": "ada@example.org", "password": "elevenbytes" }),
    );
    assert_eq!(
        weak,
        (
            400,
            "weak_password".to_owned(),
            json!({ "reason": "too_short" })
        )
    );
    let (status, code, meta) = meta(
        "/auth/v1/register",
        json!({ "email": "ada", "password": PASSWORD }),
    );
    assert_eq!(
        (status, code.as_str(), &meta["field"]),
        (400, "invalid_field", &json!("email"))
    );
    assert!(meta["reason"].is_string());
}

/// Returns the body without the request ID.
fn summary(answer: &seaworthy_testkit::http::HttpResponse) -> Value {
    let mut body = body(answer);
    body["error"].as_object_mut().unwrap().remove("request_id");
    body
}

pub(crate) async fn failed_logins_are_indistinguishable(app: TestApp) {
    app.register("ada@example.org");
    let known = app.log_in("ada@example.org", "wrong wrong wrong");
    assert_eq!(
        (known.status, code(&known).as_str()),
        (401, "invalid_credentials")
    );
    for (email, password) in [
        ("unknown@example.org", "wrong wrong wrong"),
        ("no address", "wrong wrong wrong"),
        ("ada@example.org", "x"),
        ("ada@example.org' OR 1=1 --", PASSWORD),
    ] {
        let answer = app.log_in(email, password);
        assert_eq!(answer.status, 401, "{email}");
        assert_eq!(summary(&answer), summary(&known), "{email}");
        assert_eq!(answer.header("set-cookie"), None);
    }
}

pub(crate) async fn banned_user_cannot_log_in(app: TestApp) {
    let ada = app.register("ada@example.org");
    let wrong = app.log_in("ada@example.org", "wrong wrong wrong");
    let moderator = app.seeded("moderator");
    let banned = app.request_as(
        &moderator,
        "POST",
        &format!("/auth/v1/mod/users/{}/ban", ada.id),
        &Value::Null,
    );
    assert_eq!(banned.status, 200, "{}", banned.body);
    let refused = app.log_in("ada@example.org", PASSWORD);
    assert_eq!((refused.status, summary(&refused)), (401, summary(&wrong)));
}

pub(crate) async fn long_passwords_are_not_truncated(app: TestApp) {
    // bcrypt, the hash of the legacy service, ignores bytes after the 72nd.
    let long = "a long way to the harbour ".repeat(8);
    let given = json!({ "email": "ada@example.org", "password": long });
    logged_in_user(&app.post("/auth/v1/register", &given), 201);
    let shorter = &long[..long.len() - 1];
    assert_eq!(app.log_in("ada@example.org", shorter).status, 401);
    assert_eq!(app.log_in("ada@example.org", &long).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookie_is_host_only_and_secure_outside_development_auth_3() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let app = open_with(empty, Profile::Test, &["rate_limit.enabled=false"]).await;
    let given = json!({ "email": "ada@example.org", "password": PASSWORD });
    let answer = app.post("/auth/v1/register", &given);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-refresh_token="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"));
    let ada = logged_in_user(&answer, 201);
    // The contract also accepts the name without the prefix. The cookie with it takes precedence.
    let both = format!("refresh_token=nonsense; {}", ada.cookie);
    let ada = logged_in_user(&app.with_cookie(&both, "/auth/v1/refresh"), 200);
    let eve = json!({ "email": "eve@example.org", "password": PASSWORD });
    let eve = logged_in_user(&app.post("/auth/v1/register", &eve), 201);
    let plain = eve.cookie.replace("__Host-", "");
    let refreshed = logged_in_user(&app.with_cookie(&plain, "/auth/v1/refresh"), 200);
    assert!(refreshed.cookie.starts_with("__Host-"));
    let ada = logged_in_user(&app.with_cookie(&ada.cookie, "/auth/v1/refresh"), 200);
    // A logout ends the sessions of both cookies, and deletes both.
    let plain = refreshed.cookie.replace("__Host-", "");
    let both = format!("{}; {plain}", ada.cookie);
    let logged_out = app.with_cookie(&both, "/auth/v1/logout");
    assert_eq!(logged_out.status, 204);
    let headers = logged_out.headers.iter();
    let deleted =
        headers.filter(|(name, value)| name == "set-cookie" && value.contains("Max-Age=0"));
    assert_eq!(deleted.count(), 2);
    for cookie in [&ada.cookie, &plain] {
        assert_eq!(app.with_cookie(cookie, "/auth/v1/refresh").status, 401);
    }
    // Only the profile `development` seeds users.
    assert_eq!(
        app.log_in("admin@example.com", city_events_auth::SEED_PASSWORD)
            .status,
        401
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registration_checks_only_length_by_default_auth_2() {
    const COMMON: &str = "Password123!";
    let empty = EmptyDatabase::sqlite().unwrap();
    let app = open_with(empty, Profile::Test, &["rate_limit.enabled=false"]).await;
    let register = |address: &str, password: &str| {
        let given = json!({ "email": address, "password": password });
        app.post("/auth/v1/register", &given).status
    };
    for (index, password) in [COMMON, "passwordpassword", "123456789012"]
        .iter()
        .enumerate()
    {
        assert_eq!(
            register(&format!("ada{index}@example.org"), password),
            201,
            "{password}"
        );
    }
    assert_eq!(register("lovelace@example.org", "lovelace1815"), 201);
    let empty = EmptyDatabase::sqlite().unwrap();
    let strict = "password_policy.reject_common=true";
    let app = open_with(empty, Profile::Test, &["rate_limit.enabled=false", strict]).await;
    let given = json!({ "email": "ada@example.org", "password": COMMON });
    let rejected = app.post("/auth/v1/register", &given);
    assert_eq!(
        (rejected.status, code(&rejected).as_str()),
        (400, "weak_password")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_and_metrics_follow_the_contract_hlth_1() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let app = open_with(empty, Profile::Development, &[]).await;
    let get = |path: &str| app.send("GET", path, &[], "");
    assert_eq!(body(&get("/healthz")), json!({ "status": "ok" }));
    assert_eq!(body(&get("/auth/v1/health")), json!({ "status": "ok" }));
    assert_eq!(body(&get("/readyz")), json!({ "status": "ready" }));
    let probe = get("/healthz");
    for (name, value) in [
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        ),
        (
            "content-security-policy",
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        ("x-xss-protection", "1; mode=block"),
        ("cross-origin-opener-policy", "unsafe-none"),
        ("cross-origin-resource-policy", "same-site"),
        (
            "permissions-policy",
            "geolocation=(), microphone=(), camera=(), payment=(), usb=(), bluetooth=()",
        ),
    ] {
        assert_eq!(probe.header(name), Some(value), "{name}");
    }
    let unknown = get("/auth/v1/nothing");
    assert_eq!((unknown.status, code(&unknown).is_empty()), (404, false));
    let user = app.seeded("user");
    app.with_cookie(&user.cookie, "/auth/v1/refresh");
    app.log_in("user@example.com", "wrong wrong wrong");
    let metrics = get("/metrics").body;
    for line in [
        r#"auth_service_login_attempts_total{status="success"} 1"#,
        r#"auth_service_login_attempts_total{status="failure"} 1"#,
        r#"auth_service_token_refresh_total{status="success"} 1"#,
        "auth_service_http_requests_total{",
        r#"path="/auth/v1/login""#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    for secret in [
        INTERNAL_SECRET,
        user.token.as_str(),
        user.cookie.as_str(),
        "user@example.com",
    ] {
        assert!(!metrics.contains(secret));
    }
}
