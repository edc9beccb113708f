use serde_json::{Value, json};
use tutoring_contract::Role;
use tutoring_testkit::district_token;
use uuid::Uuid;

use crate::app::{COURSE, STUDENT, TRAINER, TestApp, admin, data, json_of, reader, student, token};

pub(crate) async fn users_record_own_events_only_auth_5(app: TestApp) {
    let body = json!({ "eventType": "page_view", "courseId": Uuid::from_u128(COURSE),
        "metadata": { "page": "home" } });
    let recorded = app.call("POST", "/events", &student(), &body);
    assert_eq!(recorded.status, 201, "{}", recorded.body);
    let event = data(&recorded);
    // The user comes from the token.
    assert_eq!(
        (&event["userId"], &event["metadata"], &event["courseId"]),
        (
            &json!(Uuid::from_u128(STUDENT)),
            &body["metadata"],
            &body["courseId"]
        )
    );
    assert_eq!(app.wait_for_events("eventType=page_view", 1), [event]);
    // The own ID is accepted, and that of another user rejects the event.
    let own = json!({ "eventType": "page_view", "userId": Uuid::from_u128(STUDENT) });
    assert_eq!(app.call("POST", "/events", &student(), &own).status, 201);
    let foreign = json!({ "eventType": "page_view", "userId": Uuid::from_u128(TRAINER) });
    let all = json!({ "events": [own, foreign] });
    for (path, body) in [("/events", &foreign), ("/events/bulk", &all)] {
        let refused = app.call("POST", path, &student(), body);
        assert_eq!(
            (refused.status, &json_of(&refused)["code"]),
            (403, &json!("FORBIDDEN"))
        );
    }
    assert_eq!(app.get("/events", &reader())["pagination"]["total"], 2);
}

pub(crate) async fn bulk_has_at_most_100_events_sec_3(app: TestApp) {
    let bulk = |count: usize| {
        let events: Vec<_> = (0..count)
            .map(|number| json!({ "eventType": "click", "metadata": { "number": number } }))
            .collect();
        app.call(
            "POST",
            "/events/bulk",
            &student(),
            &json!({ "events": events }),
        )
    };
    for count in [0, 101] {
        let refused = bulk(count);
        let body = json_of(&refused);
        assert_eq!(
            (refused.status, &body["code"]),
            (400, &json!("VALIDATION_ERROR"))
        );
        assert_eq!(body["errors"][0]["field"], "events");
    }
    assert_eq!(app.get("/events", &reader())["pagination"]["total"], 0);
    let recorded = bulk(100);
    assert_eq!(
        (recorded.status, &data(&recorded)["created"]),
        (201, &json!(100))
    );
    let page = app.get("/events?page=4&limit=30", &reader());
    assert_eq!(page["items"].as_array().unwrap().len(), 10);
    assert_eq!(
        page["pagination"],
        json!({ "total": 100, "page": 4, "limit": 30, "pages": 4 })
    );
    // Large metadata of a hundred events fit into the body.
    let events: Vec<_> = (0..100)
        .map(|_| json!({ "eventType": "click", "metadata": { "text": "x".repeat(4_000) } }))
        .collect();
    let large = app.call(
        "POST",
        "/events/bulk",
        &student(),
        &json!({ "events": events }),
    );
    assert_eq!(large.status, 201, "{}", large.body);
}

pub(crate) async fn every_invalid_field_is_named_api_3(app: TestApp) {
    let long = json!({ "eventType": "t".repeat(129), "timestamp": "2020-01-01T00:00:00Z",
        "metadata": { "text": "x".repeat(5_000) } });
    let ahead = json!({ "eventType": " ", "timestamp": "2999-01-01T00:00:00Z" });
    let with_nul = json!({ "eventType": "click", "metadata": { "text": "a\u{0}b" } });
    let business = json!({ "eventType": "Course_Completed" });
    let valid = json!({ "eventType": "t".repeat(128) });
    let all = json!({ "events": [long, ahead, valid, with_nul, business] });
    let refused = app.call("POST", "/events/bulk", &student(), &all);
    let errors = json_of(&refused)["errors"].clone();
    let fields: Vec<_> = errors.as_array().unwrap().iter().collect();
    let fields: Vec<_> = fields
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "events[0].eventType",
            "events[0].metadata",
            "events[0].timestamp",
            "events[1].eventType",
            "events[1].timestamp",
            "events[3].metadata",
            "events[4].eventType",
        ]
    );
    assert_eq!(app.get("/events", &reader())["pagination"]["total"], 0);
    assert_eq!(app.call("POST", "/events", &student(), &valid).status, 201);
    for query in [
        "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z",
        "limit=101",
        "userId=x",
        "to=-262143-01-01T00:00:00Z",
    ] {
        let path = format!("/events?{query}");
        assert_eq!(
            app.call("GET", &path, &reader(), &Value::Null).status,
            400,
            "{query}"
        );
    }
    let unknown = app.get("/events?eventType=%00", &reader());
    assert_eq!(unknown["pagination"]["total"], 0);
}

pub(crate) async fn wrong_roles_are_rejected_auth_5(app: TestApp) {
    let own = format!("/users/{}/timeline", Uuid::from_u128(STUDENT));
    for (method, path) in [
        ("POST", "/events"),
        ("POST", "/events/bulk"),
        ("GET", "/events"),
        ("GET", "/metrics/event-types"),
        ("GET", "/metrics/courses"),
        ("GET", "/metrics/trends"),
        ("GET", &own),
    ] {
        let anonymous = app.call(method, path, "", &json!({}));
        assert_eq!(
            (anonymous.status, &json_of(&anonymous)["code"]),
            (401, &json!("TOKEN_MISSING"))
        );
        if method == "POST" || path == own {
            continue;
        }
        let trainer = token(TRAINER, Role::Trainer);
        // Events do not belong to a place, so the API refuses administrators with a territory.
        let id = Uuid::from_u128(1);
        let district = district_token(id, &["analytics:read"], ("Kerala", "Idukki"));
        let others = [
            student(),
            trainer,
            admin(&[]),
            admin(&["events:read"]),
            district,
        ];
        for token in others {
            let refused = app.call(method, path, &token, &Value::Null);
            assert_eq!(
                (refused.status, &json_of(&refused)["code"]),
                (403, &json!("FORBIDDEN")),
                "{path}"
            );
        }
        assert_eq!(app.call(method, path, &reader(), &Value::Null).status, 200);
    }
}

pub(crate) async fn ended_sessions_are_rejected_auth_3(app: TestApp) {
    let body = json!({ "eventType": "page_view" });
    assert_eq!(app.call("POST", "/events", &student(), &body).status, 201);
    if app.end_session().await {
        let refused = app.call("POST", "/events", &student(), &body);
        assert_eq!(refused.status, 401, "{}", refused.body);
    }
}

pub(crate) async fn setting_switches_the_operation_log_on_obs_11(app: TestApp) {
    let metadata = json!({ "page": "home", "token": "hunter22" });
    let body = json!({ "eventType": "page_view", "metadata": metadata });
    assert_eq!(app.call("POST", "/events", &student(), &body).status, 201);
    app.get("/events", &reader());
    let entry = app.operation();
    assert_eq!(
        (&entry["operation"], &entry["result"], &entry["user_id"]),
        (
            &json!("POST"),
            &json!("ok"),
            &json!(Uuid::from_u128(STUDENT))
        ),
        "{entry}"
    );
    let content = entry["content"].as_str().unwrap();
    assert!(content.contains("page_view"), "{content}");
    assert!(!content.contains("hunter22"), "{content}");
}
