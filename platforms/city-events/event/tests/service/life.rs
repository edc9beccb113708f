use city_events_contract::messages::UserChanged;
use serde_json::{Value, json};

use crate::house::{House, code, draft, moderator, person, user};

pub(crate) async fn an_event_goes_from_draft_to_its_end(house: House) {
    let owner = user();
    let body = json!({
        "title": "  Rust in the harbour ", "description": "Bring a boat", "city": "Hamburg", "category": "tech",
        "start_time": "2036-03-01T18:00:00.25+01:00", "end_time": "2036-03-01T20:00:00Z", "capacity": 10,
        "cover_image_ids": ["a", "b"],
    });
    let (status, made) = house.post("/events", &owner, body).await;
    assert_eq!(status, 201);
    let event = &made["data"];
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
    let act = async |what: &str| house.act(what, id, &owner).await;
    assert_eq!(
        house.get(&format!("/events/{id}")).await.0,
        404,
        "a draft is nobody's"
    );
    assert_eq!(code(&act("unpublish").await), (409, "invalid_state"));
    let (status, published) = act("publish").await;
    assert_eq!(
        (status, &published["data"]["status"]),
        (200, &json!("published"))
    );
    assert_eq!(published["data"]["joinable"], true);
    let again = act("publish").await;
    assert_eq!(code(&again), (409, "invalid_state"));
    assert_eq!(again.1["error"]["message"], "event already published");
    assert_eq!(house.get(&format!("/events/{id}")).await.1, published);

    let (status, unpublished) = act("unpublish").await;
    assert_eq!(
        (status, &unpublished["data"]["status"]),
        (200, &json!("draft"))
    );
    assert_eq!(
        unpublished["data"]["published_at"],
        published["data"]["published_at"]
    );
    let (status, canceled) = act("cancel").await;
    assert_eq!(
        (status, &canceled["data"]["status"]),
        (200, &json!("canceled"))
    );
    assert!(canceled["data"]["canceled_at"].is_string());
    for what in ["cancel", "publish", "unpublish"] {
        assert_eq!(code(&act(what).await), (409, "invalid_state"), "{what}");
    }
    assert_eq!(
        act("publish").await.1["error"]["message"],
        "event already canceled"
    );
}

pub(crate) async fn a_missing_event_is_not_found_and_a_bad_id_is_refused(house: House) {
    let one = user();
    let missing = seaworthy::core::new_id().to_string();
    for (id, wanted) in [
        (missing.as_str(), (404, "not_found")),
        ("7", (400, "validation_error")),
    ] {
        let patch = json!({ "title": "x" });
        let path = format!("/events/{id}");
        let mut answers = vec![
            house.get(&path).await,
            house.call("PATCH", &path, Some(&one), Some(patch)).await,
            house
                .call("GET", &format!("/organizer/events/{id}"), Some(&one), None)
                .await,
        ];
        for what in ["publish", "unpublish", "cancel"] {
            answers.push(house.act(what, id, &one).await);
        }
        for answer in answers {
            assert_eq!(code(&answer), wanted);
            if id == "7" {
                assert_eq!(answer.1["error"]["message"], "invalid path param");
            }
        }
    }
}

pub(crate) async fn who_may_not_is_told_so(house: House) {
    let owner = user();
    let id = house.draft(&owner, &draft("Rust")).await;
    assert_eq!(
        code(&house.act("publish", &id, &user()).await),
        (403, "forbidden")
    );
    assert_eq!(
        house
            .act("publish", &id, &person(seaworthy::core::new_id(), "admin"))
            .await
            .0,
        200
    );
    assert_eq!(
        code(&house.act("cancel", &id, &user()).await),
        (403, "forbidden")
    );
    assert_eq!(house.act("unpublish", &id, &moderator()).await.0, 200);
    let patch = Some(json!({ "title": "x" }));
    let path = format!("/events/{id}");
    let refused = house.call("PATCH", &path, Some(&user()), patch).await;
    assert_eq!(code(&refused), (403, "forbidden"));
    for role in ["user", "organizer", "moderator", "admin"] {
        let one = person(seaworthy::core::new_id(), role);
        assert_eq!(
            house.post("/events", &one, draft("Rust")).await.0,
            201,
            "{role}"
        );
    }
    let guest = person(seaworthy::core::new_id(), "guest");
    let refused = house.post("/events", &guest, draft("Rust")).await;
    assert_eq!(code(&refused), (403, "forbidden"));
    let nobody = house
        .call("POST", "/events", None, Some(draft("Rust")))
        .await;
    assert_eq!(code(&nobody), (401, "unauthorized"));
    assert!(nobody.1["error"]["meta"]["reason"].is_string());
}

pub(crate) async fn what_is_beyond_a_limit_is_refused(house: House) {
    let one = user();
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
        ("location", json!("unknown fields are refused")),
    ] {
        let mut body = draft("Rust");
        body[name] = value.clone();
        let refused = house.post("/events", &one, body).await;
        assert_eq!(code(&refused), (400, "validation_error"), "{name} {value}");
        if name == "location" {
            assert_eq!(refused.1["error"]["message"], "invalid json body");
        }
    }
    let mut late = draft("Rust");
    late["start_time"] = json!("2026-01-01T18:00:00Z");
    late["end_time"] = json!("2026-01-01T19:00:00Z");
    let id = house.draft(&one, &late).await;
    let refused = house.act("publish", &id, &one).await;
    assert_eq!(code(&refused), (400, "validation_error"));
    assert_eq!(refused.1["error"]["message"], "invalid start_time");
    // What is over can be canceled and not be changed.
    let patch = Some(json!({ "title": "x" }));
    let path = format!("/events/{id}");
    let over = house.call("PATCH", &path, Some(&one), patch).await;
    assert_eq!(code(&over), (409, "invalid_state"));
    assert_eq!(house.act("cancel", &id, &one).await.0, 200);
}

pub(crate) async fn a_token_that_was_taken_back_counts_no_more_auth_3(house: House) {
    let one = user();
    assert_eq!(house.post("/events", &one, draft("Rust")).await.0, 201);
    let changed = UserChanged {
        user_id: one.id.to_string(),
        version: 1,
    };
    house.publish(&changed).await;
    house
        .until(async || {
            let refused = house.post("/events", &one, draft("Rust")).await;
            code(&refused) == (401, "token_revoked")
        })
        .await;
    assert_eq!(house.post("/events", &user(), draft("Rust")).await.0, 201);
}

pub(crate) async fn probes_and_headers_are_the_contracts(house: House) {
    for path in ["/healthz", "/event/v1/health"] {
        let answer = house.client().get(format!("{}{path}", house.base));
        let text = answer.send().await.unwrap().text().await.unwrap();
        assert_eq!(text, r#"{"data":{"status":"ok"}}"#);
    }
    let url = format!("{}/event/v1/events", house.base);
    let answer = house.client().get(url).header("x-request-id", "abc");
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "abc");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let nowhere = house
        .client()
        .get(format!("{}/event/v1/nothing", house.base));
    let nowhere = nowhere.send().await.unwrap();
    assert_eq!(nowhere.status().as_u16(), 404);
    let text = nowhere.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    assert!(body["error"]["code"].is_string(), "{body}");
}
