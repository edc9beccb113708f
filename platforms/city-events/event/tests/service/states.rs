use city_events_contract::messages::UserChanged;
use seaworthy_testkit::{eventually, hs256_token};
use serde_json::{Value, json};

use crate::app::{SECRET, TestApp, TestUser, code, draft, moderator, user, user_with_role};

pub(crate) async fn event_passes_from_draft_to_canceled(app: TestApp) {
    let owner = user();
    let body = json!({
        "title": "  Rust in the harbour ", "description": "Bring a boat", "city": "Hamburg", "category": "tech",
        "start_time": "2036-03-01T18:00:00.25+01:00", "end_time": "2036-03-01T20:00:00Z", "capacity": 10,
        "cover_image_ids": ["a", "b"],
    });
    let (status, created) = app.post("/events", &owner, body).await;
    assert_eq!(status, 201);
    let event = &created["data"];
    assert_eq!(event["title"], "Rust in the harbour");
    assert_eq!(event["status"], "draft");
    assert_eq!(event["start_time"], "2036-03-01T17:00:00.25Z");
    assert_eq!(event["owner_id"], owner.id.to_string());
    assert_eq!(event["capacity"], 10);
    assert_eq!(event["active_participants"], 0);
    assert_eq!(event["cover_image_ids"], json!(["a", "b"]));
    assert_eq!(event["cover_image"], "a");
    assert_eq!(
        (&event["ended"], &event["joinable"]),
        (&json!(false), &json!(false))
    );
    assert!(event.get("published_at").is_none());

    let id = event["id"].as_str().unwrap();
    let transition = async |action: &str| app.transition(action, id, &owner).await;
    assert_eq!(
        app.get(&format!("/events/{id}")).await.0,
        404,
        "a draft is not public"
    );
    assert_eq!(code(&transition("unpublish").await), (409, "invalid_state"));
    let (status, published) = transition("publish").await;
    assert_eq!(
        (status, &published["data"]["status"]),
        (200, &json!("published"))
    );
    assert_eq!(published["data"]["joinable"], true);
    let repeated = transition("publish").await;
    assert_eq!(code(&repeated), (409, "invalid_state"));
    assert_eq!(repeated.1["error"]["message"], "event already published");
    assert_eq!(app.get(&format!("/events/{id}")).await.1, published);

    let (status, unpublished) = transition("unpublish").await;
    assert_eq!(
        (status, &unpublished["data"]["status"]),
        (200, &json!("draft"))
    );
    assert_eq!(
        unpublished["data"]["published_at"],
        published["data"]["published_at"]
    );
    let (status, canceled) = transition("cancel").await;
    assert_eq!(
        (status, &canceled["data"]["status"]),
        (200, &json!("canceled"))
    );
    assert!(canceled["data"]["canceled_at"].is_string());
    for action in ["cancel", "publish", "unpublish"] {
        assert_eq!(
            code(&transition(action).await),
            (409, "invalid_state"),
            "{action}"
        );
    }
    assert_eq!(
        transition("publish").await.1["error"]["message"],
        "event already canceled"
    );
}

pub(crate) async fn missing_event_and_invalid_id_are_errors(app: TestApp) {
    let owner = user();
    let missing = seaworthy::core::new_id().to_string();
    for (id, expected) in [
        (missing.as_str(), (404, "not_found")),
        ("7", (400, "validation_error")),
    ] {
        let patch = json!({ "title": "x" });
        let path = format!("/events/{id}");
        let mut answers = vec![
            app.get(&path).await,
            app.call("PATCH", &path, Some(&owner), Some(patch)).await,
            app.call(
                "GET",
                &format!("/organizer/events/{id}"),
                Some(&owner),
                None,
            )
            .await,
        ];
        for action in ["publish", "unpublish", "cancel"] {
            answers.push(app.transition(action, id, &owner).await);
        }
        for answer in answers {
            assert_eq!(code(&answer), expected);
            if id == "7" {
                assert_eq!(answer.1["error"]["message"], "invalid path param");
            }
        }
    }
}

pub(crate) async fn roles_and_ownership_are_enforced(app: TestApp) {
    let owner = user();
    let id = app.create_draft(&owner, &draft("Rust")).await;
    assert_eq!(
        code(&app.transition("publish", &id, &user()).await),
        (403, "forbidden")
    );
    assert_eq!(
        app.transition("publish", &id, &user_with_role("admin"))
            .await
            .0,
        200
    );
    assert_eq!(
        code(&app.transition("cancel", &id, &user()).await),
        (403, "forbidden")
    );
    assert_eq!(app.transition("unpublish", &id, &moderator()).await.0, 200);
    let patch = Some(json!({ "title": "x" }));
    let path = format!("/events/{id}");
    let rejected = app.call("PATCH", &path, Some(&user()), patch).await;
    assert_eq!(code(&rejected), (403, "forbidden"));
    for role in ["user", "organizer", "moderator", "admin"] {
        let creator = user_with_role(role);
        assert_eq!(
            app.post("/events", &creator, draft("Rust")).await.0,
            201,
            "{role}"
        );
    }
    let guest = user_with_role("guest");
    let rejected = app.post("/events", &guest, draft("Rust")).await;
    assert_eq!(code(&rejected), (403, "forbidden"));
    let anonymous = app.call("POST", "/events", None, Some(draft("Rust"))).await;
    assert_eq!(code(&anonymous), (401, "unauthorized"));
    assert!(anonymous.1["error"]["meta"]["reason"].is_string());
}

pub(crate) async fn fields_beyond_limits_are_rejected(app: TestApp) {
    let owner = user();
    for (name, value) in [
        ("title", json!("")),
        ("title", json!("x".repeat(121))),
        ("description", json!("x".repeat(4_001))),
        ("city", json!(" ")),
        ("category", json!("x".repeat(81))),
        ("capacity", json!(-1)),
        ("capacity", json!(3_000_000_000_u64)),
        ("capacity", json!("many")),
        ("end_time", json!("2036-03-01T18:00:00Z")),
        ("end_time", json!("tomorrow")),
        ("start_time", Value::Null),
        ("cover_image_ids", json!(["a", "b", "c"])),
        ("location", json!("unknown fields are rejected")),
    ] {
        let mut body = draft("Rust");
        body[name] = value.clone();
        let rejected = app.post("/events", &owner, body).await;
        assert_eq!(code(&rejected), (400, "validation_error"), "{name} {value}");
        if name == "location" {
            assert_eq!(rejected.1["error"]["message"], "invalid json body");
        }
    }
    let mut late = draft("Rust");
    late["start_time"] = json!("2026-01-01T18:00:00Z");
    late["end_time"] = json!("2026-01-01T19:00:00Z");
    let id = app.create_draft(&owner, &late).await;
    let rejected = app.transition("publish", &id, &owner).await;
    assert_eq!(code(&rejected), (400, "validation_error"));
    assert_eq!(rejected.1["error"]["message"], "invalid start_time");
    // An ended event can be canceled but not changed.
    let patch = Some(json!({ "title": "x" }));
    let path = format!("/events/{id}");
    let ended = app.call("PATCH", &path, Some(&owner), patch).await;
    assert_eq!(code(&ended), (409, "invalid_state"));
    assert_eq!(app.transition("cancel", &id, &owner).await.0, 200);
}

pub(crate) async fn revoked_token_is_rejected_auth_3(app: TestApp) {
    let owner = user();
    assert_eq!(app.post("/events", &owner, draft("Rust")).await.0, 201);
    let changed = UserChanged {
        user_id: owner.id.to_string(),
        version: 1,
    };
    app.send(&changed).await;
    eventually(async || {
        let rejected = app.post("/events", &owner, draft("Rust")).await;
        code(&rejected) == (401, "token_revoked")
    })
    .await;
    assert_eq!(app.post("/events", &user(), draft("Rust")).await.0, 201);
}

pub(crate) async fn tokens_of_other_issuers_are_accepted_auth_1(app: TestApp) {
    let now = || chrono::Utc::now().timestamp();
    let status = async |more: Value| {
        let id = seaworthy::core::new_id();
        let mut claims = json!({ "sub": id, "uid": id, "role": "user" });
        let members = claims.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        let token = hs256_token(SECRET, claims);
        let owner = TestUser { id, token };
        app.post("/events", &owner, draft("Rust")).await.0
    };
    assert_eq!(
        status(json!({ "aud": "other", "iat": now() + 600 })).await,
        201
    );
    // Clocks may differ by 30 s.
    assert_eq!(status(json!({ "exp": now() - 15 })).await, 201);
    assert_eq!(status(json!({ "exp": now() - 31 })).await, 401);
}

pub(crate) async fn probes_and_headers_match_contract(app: TestApp) {
    for path in ["/healthz", "/event/v1/health"] {
        let answer = app.client().get(format!("{}{path}", app.base));
        let text = answer.send().await.unwrap().text().await.unwrap();
        assert_eq!(text, r#"{"data":{"status":"ok"}}"#);
    }
    let get = async |path: &str| {
        let request = app.client().get(format!("{}{path}", app.base));
        request.send().await.unwrap()
    };
    let ready: Value = serde_json::from_str(&get("/readyz").await.text().await.unwrap()).unwrap();
    let expected = json!({
        "database": "healthy", "redis": "not_configured", "status": "ready",
    });
    assert_eq!(ready, expected);
    assert_eq!(get("/metrics").await.status().as_u16(), 200);
    let url = format!("{}/event/v1/events", app.base);
    let answer = app.client().get(url).header("x-request-id", "abc");
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "abc");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        ),
        (
            "content-security-policy",
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        ("x-xss-protection", "1; mode=block"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-site"),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    let missing = app.client().get(format!("{}/event/v1/missing", app.base));
    let missing = missing.send().await.unwrap();
    assert_eq!(missing.status().as_u16(), 404);
    let text = missing.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    assert!(body["error"]["code"].is_string(), "{body}");
}
