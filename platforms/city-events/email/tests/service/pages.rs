use seaworthy_testkit::{
    database::EmptyDatabase,
    fault::{Disruption, Fault, FaultProxy},
};
use serde_json::{Value, json};

use crate::app::{TestApp, start_with};

pub(crate) async fn serves_pages_of_links(app: TestApp) {
    for (path, title) in [
        ("/verify", "Verify your email"),
        ("/reset", "Reset your password"),
    ] {
        let page = app.send(
            "GET",
            &format!("{path}?token=a%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
            "",
        );
        assert_eq!(page.status, 200);
        assert!(page.body.contains(title));
        assert!(
            page.body.contains("a&quot;&gt;&lt;script&gt;") && !page.body.contains("<script>alert"),
            "{}",
            page.body
        );
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        for link in [path.to_owned(), format!("{path}?token=")] {
            assert_eq!(app.send("GET", &link, "").status, 400);
        }
    }
    for asset in ["/assets/links.js", "/assets/links.css"] {
        assert_eq!(app.send("GET", asset, "").status, 200);
    }
    for probe in ["/healthz", "/readyz"] {
        let answer = app.send("GET", probe, "");
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    }
}

pub(crate) async fn forwards_responses_of_auth_service(app: TestApp) {
    let verified = json!({ "data": { "status": "verified" } });
    let refused =
        json!({ "error": { "code": "token_invalid", "message": "the token is not valid" } });
    app.stub_auth("/auth/v1/verify-email/confirm", 200, verified.clone());
    app.stub_auth("/auth/v1/password/reset/validate", 401, refused.clone());
    app.stub_auth("/auth/v1/password/reset/confirm", 400, refused.clone());
    let send = |path: &str, body: Value| {
        let answer = app.send("POST", path, &body.to_string());
        (
            answer.status,
            serde_json::from_str::<Value>(&answer.body).unwrap_or(Value::Null),
        )
    };
    assert_eq!(
        send("/api/verify", json!({ "token": "a" })),
        (200, verified)
    );
    assert_eq!(
        send("/api/reset/validate", json!({ "token": "a&b=c" })),
        (401, refused.clone())
    );
    assert_eq!(
        send(
            "/api/reset/confirm",
            json!({ "token": "a", "new_password": "p" })
        ),
        (400, refused)
    );
    assert_eq!(
        app.auth_requests("/auth/v1/verify-email/confirm"),
        [json!({ "token": "a" })]
    );
    assert_eq!(
        app.auth_requests("/auth/v1/password/reset/validate"),
        [json!("token=a%26b%3Dc")]
    );
    assert_eq!(
        app.auth_requests("/auth/v1/password/reset/confirm"),
        [json!({ "token": "a", "new_password": "p" })]
    );
    for (path, body) in [
        ("/api/verify", ""),
        ("/api/verify", "{"),
        ("/api/verify", "{}"),
        ("/api/reset/validate", r#"{"token":""}"#),
        ("/api/reset/confirm", r#"{"token":"a"}"#),
    ] {
        let answer = app.send("POST", path, body);
        assert_eq!(answer.status, 400, "{path} {body}");
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("text/plain")
        );
    }
}

pub(crate) async fn limits_requests_per_token(app: TestApp) {
    // Limits are disabled here.
    app.stub_auth("/auth/v1/verify-email/confirm", 200, json!({}));
    let verify = |app: &TestApp| app.send("POST", "/api/verify", r#"{"token":"a"}"#);
    for _ in 0..15 {
        assert_eq!(verify(&app).status, 200);
    }
    let limited = start_with(EmptyDatabase::sqlite().unwrap(), &[]).await;
    limited.stub_auth("/auth/v1/verify-email/confirm", 200, json!({}));
    for _ in 0..10 {
        assert_eq!(verify(&limited).status, 200);
    }
    let refused = verify(&limited);
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (429, "Too Many Requests")
    );
    assert!(refused.header("retry-after").is_some());
    assert_eq!(
        limited
            .send("POST", "/api/verify", r#"{"token":"b"}"#)
            .status,
        200,
        "another token has its own limit"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreachable_auth_service_gives_502_hlth_2() {
    let settings = ["auth_url=http://127.0.0.1:9", "rate_limit.enabled=false"];
    let app = start_with(EmptyDatabase::sqlite().unwrap(), &settings).await;
    let answer = app.send("POST", "/api/verify", r#"{"token":"a"}"#);
    assert_eq!(answer.status, 502);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    assert_eq!(
        app.send("GET", "/readyz", "").status,
        200,
        "the service itself is ready"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_follows_database_hlth_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let proxy = FaultProxy::start(empty.server().unwrap()).await.unwrap();
    let proxied = format!("database.url={}", empty.url_at(proxy.address()));
    let app = start_with(empty, &[&proxied]).await;
    let ready = async |status: u16| {
        let has_status = || (app.send("GET", "/readyz", "").status == status).then_some(());
        app.eventually("readiness changes", has_status).await;
    };
    ready(200).await;
    proxy.set(Fault::of(Disruption::Down));
    ready(503).await;
    assert_eq!(app.send("GET", "/healthz", "").status, 200);
    proxy.heal();
    ready(200).await;
}
