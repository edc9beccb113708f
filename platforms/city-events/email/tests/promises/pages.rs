use seaworthy_testkit::{
    database::EmptyDatabase,
    fault::{Disruption, ErrorResponse, FaultProxy},
};
use serde_json::{Value, json};

use crate::place::{Place, open_with};

pub(crate) async fn links_lead_to_pages(place: Place) {
    for (path, title) in [
        ("/verify", "Verify your email"),
        ("/reset", "Reset your password"),
    ] {
        let page = place.send(
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
            assert_eq!(place.send("GET", &link, "").status, 400);
        }
    }
    for asset in ["/assets/links.js", "/assets/links.css"] {
        assert_eq!(place.send("GET", asset, "").status, 200);
    }
    for probe in ["/healthz", "/readyz"] {
        let answer = place.send("GET", probe, "");
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    }
}

pub(crate) async fn answers_of_the_auth_service_are_passed_on(place: Place) {
    let verified = json!({ "data": { "status": "verified" } });
    let refused =
        json!({ "error": { "code": "token_invalid", "message": "the token is not valid" } });
    place.answer("/auth/v1/verify-email/confirm", 200, verified.clone());
    place.answer("/auth/v1/password/reset/validate", 401, refused.clone());
    place.answer("/auth/v1/password/reset/confirm", 400, refused.clone());
    let ask = |path: &str, given: Value| {
        let answer = place.send("POST", path, &given.to_string());
        (
            answer.status,
            serde_json::from_str::<Value>(&answer.body).unwrap_or(Value::Null),
        )
    };
    assert_eq!(ask("/api/verify", json!({ "token": "a" })), (200, verified));
    assert_eq!(
        ask("/api/reset/validate", json!({ "token": "a&b=c" })),
        (401, refused.clone())
    );
    assert_eq!(
        ask(
            "/api/reset/confirm",
            json!({ "token": "a", "new_password": "p" })
        ),
        (400, refused)
    );
    assert_eq!(
        place.asked("/auth/v1/verify-email/confirm"),
        [json!({ "token": "a" })]
    );
    assert_eq!(
        place.asked("/auth/v1/password/reset/validate"),
        [json!("token=a%26b%3Dc")]
    );
    assert_eq!(
        place.asked("/auth/v1/password/reset/confirm"),
        [json!({ "token": "a", "new_password": "p" })]
    );
    for (path, body) in [
        ("/api/verify", ""),
        ("/api/verify", "{"),
        ("/api/verify", "{}"),
        ("/api/reset/validate", r#"{"token":""}"#),
        ("/api/reset/confirm", r#"{"token":"a"}"#),
    ] {
        let answer = place.send("POST", path, body);
        assert_eq!(answer.status, 400, "{path} {body}");
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("text/plain")
        );
    }
}

pub(crate) async fn questions_are_limited(place: Place) {
    // Switched off, as here, nothing is refused.
    place.answer("/auth/v1/verify-email/confirm", 200, json!({}));
    let ask = |place: &Place| place.send("POST", "/api/verify", r#"{"token":"a"}"#);
    for _ in 0..15 {
        assert_eq!(ask(&place).status, 200);
    }
    let limited = open_with(EmptyDatabase::sqlite().unwrap(), &[]).await;
    limited.answer("/auth/v1/verify-email/confirm", 200, json!({}));
    for _ in 0..10 {
        assert_eq!(ask(&limited).status, 200);
    }
    let refused = ask(&limited);
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
        "another link"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_auth_service_questions_are_502_hlth_2() {
    let away = ["auth_url=http://127.0.0.1:9", "rate_limit.enabled=false"];
    let place = open_with(EmptyDatabase::sqlite().unwrap(), &away).await;
    let answer = place.send("POST", "/api/verify", r#"{"token":"a"}"#);
    assert_eq!(answer.status, 502);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    assert_eq!(
        place.send("GET", "/readyz", "").status,
        200,
        "the service itself is well"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_the_service_is_not_ready_and_with_it_it_is_again_hlth_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let proxy = FaultProxy::start(empty.server().unwrap()).await.unwrap();
    let proxied = format!("database.url={}", empty.url_at(proxy.address()));
    let place = open_with(empty, &[&proxied]).await;
    let ready = async |status: u16| {
        let is_so = || (place.send("GET", "/readyz", "").status == status).then_some(());
        place.until("readiness", is_so).await;
    };
    ready(200).await;
    proxy.set(Fault::of(Disruption::Down));
    ready(503).await;
    assert_eq!(place.send("GET", "/healthz", "").status, 200);
    proxy.heal();
    ready(200).await;
}
