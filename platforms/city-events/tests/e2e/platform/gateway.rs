//! The interface of the gateway that existing clients use.

use serde_json::json;

use crate::{
    app::TestApp,
    client::{Gateway, sign_token},
};

const USER: &str = "00000000-0000-4000-8000-00000000beef";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn token_of_shared_secret_authenticates_unknown_user() {
    let app = TestApp::start().await;
    let id = app.register("host").await.publish("Load test", 0).await;
    let secret = app.jwt_secret();
    let client = app.with_token(sign_token(&secret, "HS256", USER));
    let joined = client.join(&id, "k").await;
    assert_eq!(
        (joined.status, joined.json()["status"].as_str()),
        (200, Some("active")),
        "{joined:?}"
    );
    assert_eq!(client.view(&id).await["participation"]["status"], "active");
    let client = app.with_token(sign_token(&secret, "HS384", USER));
    assert_eq!(
        client.view(&id).await["actions"]["reason"],
        "auth_required",
        "the gateway accepts only HS256"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_both_secrets_are_valid_during_rotation_auth_1() {
    let next = "the secret after the rotation, which is long enough";
    let setting =
        |service: &str| format!("{service}.jwt.additional_verification_keys=[\"{next}\"]");
    let [bff, event, join] = ["bff", "event", "join"].map(setting);
    let app = TestApp::start_with(&[&bff, &event, &join]).await;
    let current = app.jwt_secret();
    for (secret, status) in [
        (current.as_slice(), 200),
        (next.as_bytes(), 200),
        (b"a secret that is not configured anywhere".as_slice(), 401),
    ] {
        let client = app.with_token(sign_token(secret, "HS256", USER));
        assert_eq!(client.get("/api/me/joins").await.status, status);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_have_status_and_code_of_the_contract_api_2() {
    let app = TestApp::start().await;
    let (anonymous, host) = (app.anonymous(), app.register("host").await);
    let id = host.publish("Jazz", 10).await;

    for path in ["/healthz", "/api/healthz"] {
        let response = anonymous.get(path).await;
        assert_eq!(
            (response.status, response.text.as_str()),
            (200, "OK"),
            "{path}"
        );
    }
    for (path, status, code) in [
        ("/api/events/nonsense/view", 400, "validation_failed"),
        (
            "/api/events/00000000-0000-4000-8000-000000000009/view",
            404,
            "resource_not_found",
        ),
        ("/api/me/joins", 401, "unauthorized"),
        ("/api/me/events", 401, "unauthorized"),
        ("/api/events?sort=relevance", 400, "validation_error"),
        ("/api/nowhere", 404, "route_not_found"),
    ] {
        let response = anonymous.get(path).await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (status, code),
            "{path}: {response:?}"
        );
        assert!(response.json()["error"]["request_id"].is_string(), "{path}");
    }
    let join = format!("/api/events/{id}/join");
    let without_key = anonymous.post(&join).await;
    assert_eq!(
        (without_key.status, without_key.code().as_str()),
        (400, "validation_failed"),
        "the gateway checks the key before the token"
    );
    let without_token = anonymous.send_with_key("POST", &join, "k").await;
    assert_eq!(
        (without_token.status, without_token.code().as_str()),
        (401, "unauthorized")
    );
    assert_eq!(
        anonymous.get(&format!("/api/events/{id}")).await.status,
        405,
        "an event is read by its view"
    );
    let create = anonymous
        .send("POST", "/api/events", Some(json!({ "title": "x" })))
        .await;
    assert_eq!(
        (create.status, create.code().as_str()),
        (401, "unauthorized"),
        "{create:?}"
    );
    let unknown_field = host
        .send("POST", "/api/events", Some(json!({ "colour": "red" })))
        .await;
    assert_eq!(
        (unknown_field.status, unknown_field.code().as_str()),
        (400, "validation_error"),
        "{unknown_field:?}"
    );
    let twice = host.post(&format!("/api/events/{id}/publish")).await;
    assert_eq!(
        (twice.status, twice.code().as_str()),
        (409, "invalid_state")
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_token_reads_pages_as_anonymous_auth_1() {
    let app = TestApp::start().await;
    let id = app.register("host").await.publish("Jazz", 10).await;
    let path = format!("/api/events/{id}/view");
    for invalid in ["Bearer rubbish", "Bearer a.b", "Basic x", "Bearer a.b.c"] {
        let response = app
            .anonymous()
            .send_with("GET", &path, None, &[("authorization", invalid)])
            .await;
        assert_eq!(
            (
                response.status,
                response.json()["actions"]["reason"].as_str()
            ),
            (200, Some("auth_required")),
            "{invalid}"
        );
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_answers_existing_clients_api_1() {
    let app = TestApp::start().await;
    let (anonymous, host) = (app.anonymous(), app.register("host").await);
    host.publish("Jazz", 10).await;
    let cities = anonymous.get("/api/meta/cities?q=be").await;
    assert_eq!(cities.status, 200, "{cities:?}");
    let cities = cities.json()["data"].as_array().unwrap().clone();
    assert!(cities.iter().any(|city| city == "Berlin"), "{cities:?}");
    // Clients send `limit`. The legacy service ignores it and returns twenty.
    let page = anonymous
        .get("/api/events?limit=1&type=trending&cursor=%zz")
        .await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(page.json()["items"].as_array().unwrap().len(), 1);

    // The feed service has both forms of the path.
    for path in ["/api/feed/recommended", "/api/feed/recommended/"] {
        let feed = anonymous.get(&format!("{path}?type=latest")).await;
        assert_eq!(feed.status, 200, "{path}: {feed:?}");
        assert_eq!(feed.json()["feed_type"], "latest", "{path}");
    }

    let cross_origin = anonymous
        .send_with(
            "GET",
            "/api/events",
            None,
            &[("origin", "https://evil.example")],
        )
        .await;
    assert_eq!(
        cross_origin.header("access-control-allow-origin"),
        "",
        "the default allows only origins of the web application"
    );
    let metrics = anonymous.get("/metrics").await;
    assert_eq!(metrics.status, 200, "{metrics:?}");
    let login = json!({ "email": "ada@example.org", "password": "wrong horse battery" });
    for (origin, status) in [
        ("http://localhost:3000", 401),
        ("https://evil.example", 403),
    ] {
        let headers = [("origin", origin)];
        let body = Some(login.clone());
        let response = anonymous
            .send_with("POST", "/api/auth/login", body, &headers)
            .await;
        assert_eq!(response.status, status, "{origin}: {response:?}");
    }
    assert_eq!(cross_origin.header("x-content-type-options"), "nosniff");
    assert_eq!(cross_origin.header("x-frame-options"), "DENY");
    let with_id = anonymous
        .send_with("GET", "/api/events", None, &[("x-request-id", "my-own-7")])
        .await;
    assert_eq!(with_id.header("x-request-id"), "my-own-7");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rate_limit_counts_users_and_ips_separately_res_6() {
    let settings = ["bff.rate_limit.enabled=true", "bff.rate_limit.requests=3"];
    let app = TestApp::start_with(&settings).await;
    let user = app.sign_in("user").await;
    for _ in 0..3 {
        assert_eq!(user.get("/api/events").await.status, 200);
    }
    let rejected = user.get("/api/events").await;
    assert_eq!(
        (rejected.status, rejected.text.as_str()),
        (429, "Too Many Requests"),
        "{rejected:?}"
    );
    assert!(rejected.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(
        app.anonymous().get("/api/events").await.status,
        200,
        "an anonymous client has its own limit"
    );
    assert_eq!(
        user.get("/api/healthz").await.status,
        200,
        "probes have no limit"
    );
    // One limit covers all connections of an IP address. `X-Forwarded-For` does not change it.
    let mut last = 200;
    for _ in 0..3 {
        last = app.anonymous().get("/api/events").await.status;
    }
    assert_eq!(last, 429);
    let other_connection = Gateway::new(app.address, app.address);
    let forwarded = [("x-forwarded-for", "203.0.113.7")];
    let rejected = other_connection
        .anonymous()
        .send_with("GET", "/api/events", None, &forwarded)
        .await;
    assert_eq!(rejected.status, 429, "{rejected:?}");
    app.stop().await;
}
