use seaworthy_testkit::{eventually, hs256_token};
use std::collections::BTreeSet;

use city_events_contract::messages::UserChanged;
use seaworthy::data::sql;
use serde_json::{Value, json};

use crate::{
    app::{SECRET, TestApp, code},
    user::user,
};

pub(crate) async fn responses_have_envelopes_and_codes_of_the_contract(app: TestApp) {
    let event = app.create_event(1).await;
    let one = user();
    let (status, body) = app.join(&event, &one).await;
    assert_eq!(
        (status, body),
        (200, json!({ "data": { "status": "active" } }))
    );

    let path = format!("/events/{}/participation", event.id);
    let (status, participation) = app.call("GET", &path, &one, None, &[]).await;
    assert_eq!(status, 200);
    let participation = participation["data"].as_object().unwrap();
    let names: BTreeSet<_> = participation.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        BTreeSet::from(["event_id", "joined_at", "status", "user_id"])
    );
    let joined_at = participation["joined_at"].as_str().unwrap();
    assert!(
        joined_at.ends_with('Z') && joined_at.len() <= 30,
        "{joined_at}"
    );
    let none = app.call("GET", &path, &user(), None, &[]).await;
    assert_eq!(code(&none), (404, "join.not_found"));

    let stats = app.stats(&event).await.1;
    let stats = stats["data"].as_object().unwrap();
    let names: BTreeSet<_> = stats.keys().map(String::as_str).collect();
    let expected = [
        "active_count",
        "capacity",
        "event_id",
        "updated_at",
        "waitlist_count",
    ];
    assert_eq!(names, BTreeSet::from(expected));

    let key = [("Idempotency-Key", "k")];
    for body in [
        json!({ "event_id": "7" }),
        json!({}),
        json!([]),
        Value::Null,
    ] {
        let refused = app.call("POST", "/join", &one, Some(body), &key).await;
        assert_eq!(code(&refused), (400, "request.invalid"));
        assert!(refused.1["error"]["request_id"].is_string());
        assert!(refused.1["error"]["message"].is_string());
    }
    // All forms of a UUID.
    let simple = event.id.simple().to_string();
    for form in [
        format!("urn:uuid:{}", event.id),
        format!("{{{}}}", event.id),
        simple,
    ] {
        let body = Some(json!({ "event_id": form }));
        let again = app
            .call(
                "POST",
                "/join",
                &one,
                body,
                &[("Idempotency-Key", form.as_str())],
            )
            .await;
        assert_eq!(code(&again), (409, "state_already_reached"));
    }
}

pub(crate) async fn headers_and_probes_follow_the_contract(app: TestApp) {
    let get = async |path: &str, token: &str| {
        let mut request = app.client().get(format!("{}{path}", app.base));
        if !token.is_empty() {
            request = request.header("authorization", format!("bEARER {token}"));
        }
        request.header("x-request-id", "abc").send().await.unwrap()
    };
    for path in ["/healthz", "/join/v1/health"] {
        let response = get(path, "").await;
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.text().await.unwrap(), "OK");
    }
    let ready = get("/readyz", "").await.text().await.unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let expected = serde_json::json!({ "redis": "not_configured", "status": "ready" });
    assert_eq!(ready, expected);
    assert_eq!(get("/metrics", "").await.status().as_u16(), 200);
    let response = get("/api/v1/me/joins", "").await;
    assert_eq!(response.status().as_u16(), 401);
    assert_eq!(response.headers()["x-request-id"], "abc");
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(body["error"]["code"], "unauthorized");
    assert_eq!(body["error"]["request_id"], "abc");

    let own = get("/api/v1/me/joins", &user().token).await;
    assert_eq!(own.status().as_u16(), 200);
    let headers = own.headers();
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["x-frame-options"], "DENY");
    assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
    assert_eq!(
        headers["content-security-policy"],
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    assert_eq!(get("/api/v1/nothing", "").await.status().as_u16(), 404);
    let wrong = app.client().put(format!("{}/api/v1/me/joins", app.base));
    let wrong = wrong.send().await.unwrap();
    assert_eq!(wrong.status().as_u16(), 405);
    assert!(wrong.headers().contains_key("allow"));

    let now = chrono::Utc::now().timestamp();
    let claims = |name: &str, value: Value| {
        let id = seaworthy::core::new_id();
        let mut claims =
            serde_json::json!({ "sub": id, "uid": id, "role": "user", "aud": "other" });
        claims[name] = value;
        hs256_token(SECRET, claims)
    };
    for (token, status) in [
        (claims("iat", (now + 600).into()), 200),
        (claims("exp", (now - 1).into()), 401),
    ] {
        let response = get("/api/v1/me/joins", &token).await;
        assert_eq!(response.status().as_u16(), status);
    }
    let mut forged = user();
    forged.token.push('x');
    let refused = get("/api/v1/me/joins", &forged.token).await;
    assert_eq!(refused.status().as_u16(), 401);
}

pub(crate) async fn joins_requests_and_messages_have_the_contract_metrics_obs_4(app: TestApp) {
    let event = app.create_event(1).await;
    let one = user();
    for user in [&one, &user(), &one] {
        app.join(&event, user).await;
    }
    app.client()
        .get(format!("{}/nowhere/at/all", app.base))
        .send()
        .await
        .unwrap();
    let metrics = app.metrics();
    for line in [
        r#"join_service_joins_total{status="active"} 1"#,
        r#"join_service_joins_total{status="waitlisted"} 1"#,
        r#"join_service_joins_total{status="error"} 1"#,
        r#"join_service_http_requests_total{method="POST",path="/api/v1/join",status="200"} 2"#,
        r#"join_service_http_requests_total{method="GET",path="unmatched",status="404"} 1"#,
        "join_service_http_requests_in_flight",
        r#"join_service_http_request_duration_seconds_bucket{method="POST",path="/api/v1/join","#,
        "join_service_outbox_dead_letters_total",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains("/nowhere"), "{metrics}");
    eventually(async || app.metric("join_service_outbox_sent_messages_total") == 2).await;
}

pub(crate) async fn message_about_a_user_revokes_their_tokens_auth_3(app: TestApp) {
    let (one, other) = (user(), user());
    let own = async |user| app.call("GET", "/me/joins", user, None, &[]).await;
    assert_eq!(own(&one).await.0, 200);
    let changed = UserChanged {
        user_id: one.id.to_string(),
        version: 1,
    };
    app.publish(&changed).await;
    eventually(async || own(&one).await.0 == 401).await;
    assert_eq!(own(&other).await.0, 200);
}

/// More rows than one read returns, and more than `database.max_rows`.
const ROWS: u64 = 10_001;

pub(crate) async fn all_revocations_of_another_replica_are_read_auth_3(app: TestApp) {
    let last = user();
    let own = async || app.call("GET", "/me/joins", &last, None, &[]).await.0;
    assert_eq!(own().await, 200);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(now.unwrap().as_micros()).unwrap();
    let row = |user: String| [user.into(), 1_i64.into(), now.into()];
    // These IDs sort before the user ID, so the user is on the last page.
    let others = (1..ROWS).map(|number| row(format!("-{number:09}")));
    let all: Vec<[seaworthy::data::Value; 3]> = others.chain([row(last.id.to_string())]).collect();
    for rows in all.chunks(500) {
        sql("INSERT INTO token_versions (user_id, version, changed_us) VALUES (?, ?, ?)**")
            .bind_rows(rows.iter().cloned())
            .execute(&app.database)
            .await
            .unwrap();
    }
    eventually(async || own().await == 401).await;
}
