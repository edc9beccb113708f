use seaworthy::config::Profile;
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};

use crate::place::{INTERNAL_SECRET, PASSWORD, Place, body, code, open_with, person};

pub(crate) async fn who_registers_is_logged_in(place: Place) {
    let given =
        json!({ "email": "  Ada@Example.ORG ", "password": PASSWORD, "name": "Ada", "more": [1] });
    let answer = place.post("/auth/v1/register", &given);
    let ada = person(&answer, 201);
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
    let told = place
        .told("auth.email.verify.requested", |body| {
            body["user_id"] == ada.id
        })
        .await;
    assert_eq!(told["email"], "ada@example.org");
    assert!(told["url"].as_str().unwrap().contains("token="));
    let again = person(&place.log_in("ADA@example.org", PASSWORD), 200);
    assert_eq!(again.id, ada.id);
    assert_ne!(again.cookie, ada.cookie);
}

pub(crate) async fn an_address_belongs_to_one(place: Place) {
    place.register("ada@example.org");
    let given = json!({ "email": "ADA@example.org", "password": PASSWORD });
    let answer = place.post("/auth/v1/register", &given);
    assert_eq!(
        (answer.status, code(&answer).as_str()),
        (409, "email_already_exists")
    );
}

pub(crate) async fn what_is_missing_or_weak_is_named(place: Place) {
    let meta = |path: &str, given: Value| {
        let answer = place.post(path, &given);
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
            let answer = place.send("POST", path, &[], text);
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

/// The body without what differs with every request.
fn said(answer: &seaworthy_testkit::http::Answer) -> Value {
    let mut body = body(answer);
    body["error"].as_object_mut().unwrap().remove("request_id");
    body
}

pub(crate) async fn every_wrong_login_looks_the_same(place: Place) {
    place.register("ada@example.org");
    let known = place.log_in("ada@example.org", "wrong wrong wrong");
    assert_eq!(
        (known.status, code(&known).as_str()),
        (401, "invalid_credentials")
    );
    for (email, password) in [
        ("nobody@example.org", "wrong wrong wrong"),
        ("no address", "wrong wrong wrong"),
        ("ada@example.org", "x"),
        ("ada@example.org' OR 1=1 --", PASSWORD),
    ] {
        let answer = place.log_in(email, password);
        assert_eq!(answer.status, 401, "{email}");
        assert_eq!(said(&answer), said(&known), "{email}");
        assert_eq!(answer.header("set-cookie"), None);
    }
}

pub(crate) async fn a_banned_user_does_not_log_in(place: Place) {
    let ada = place.register("ada@example.org");
    let wrong = place.log_in("ada@example.org", "wrong wrong wrong");
    let moderator = place.seeded("moderator");
    let banned = place.as_person(
        &moderator,
        "POST",
        &format!("/auth/v1/mod/users/{}/ban", ada.id),
        &Value::Null,
    );
    assert_eq!(banned.status, 200, "{}", banned.body);
    let refused = place.log_in("ada@example.org", PASSWORD);
    assert_eq!((refused.status, said(&refused)), (401, said(&wrong)));
}

pub(crate) async fn a_long_password_is_taken(place: Place) {
    // More than the 72 bytes at which the hash of the original ended.
    let long = "a long way to the harbour ".repeat(8);
    let given = json!({ "email": "ada@example.org", "password": long });
    person(&place.post("/auth/v1/register", &given), 201);
    let shorter = &long[..long.len() - 1];
    assert_eq!(place.log_in("ada@example.org", shorter).status, 401);
    assert_eq!(place.log_in("ada@example.org", &long).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn elsewhere_than_in_development_the_cookie_is_of_this_host_over_tls_auth_3() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let place = open_with(empty, Profile::Test, &["rate_limit.enabled=false"]).await;
    let given = json!({ "email": "ada@example.org", "password": PASSWORD });
    let answer = place.post("/auth/v1/register", &given);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-refresh_token="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"));
    let ada = person(&answer, 201);
    let plain = ada.cookie.replace("__Host-", "");
    let planted = place.with_cookie(&plain, "/auth/v1/refresh");
    assert_eq!(planted.status, 401, "a neighbour may have planted it");
    assert_eq!(
        place.with_cookie(&ada.cookie, "/auth/v1/refresh").status,
        200
    );
    // Nobody begins with users whose password is known.
    assert_eq!(
        place
            .log_in("admin@example.com", city_events_auth::SEED_PASSWORD)
            .status,
        401
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_metrics_and_unknown_paths_have_the_form_of_the_contract_hlth_1() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let place = open_with(empty, Profile::Development, &[]).await;
    let get = |path: &str| place.send("GET", path, &[], "");
    assert_eq!(body(&get("/healthz")), json!({ "status": "ok" }));
    assert_eq!(body(&get("/auth/v1/health")), json!({ "status": "ok" }));
    assert_eq!(body(&get("/readyz")), json!({ "status": "ready" }));
    let unknown = get("/auth/v1/nothing");
    assert_eq!((unknown.status, code(&unknown).is_empty()), (404, false));
    let user = place.seeded("user");
    place.with_cookie(&user.cookie, "/auth/v1/refresh");
    place.log_in("user@example.com", "wrong wrong wrong");
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
