use chrono::{DateTime, Utc};
use seaworthy::data::sql;
use serde_json::json;

use crate::house::{House, draft, moderator, user};

pub(crate) async fn every_change_is_told_once_in_the_contracts_envelope_msg_4(house: House) {
    let owner = user();
    let id = house.draft(&owner, &draft("Rust")).await;
    let path = format!("/events/{id}");
    let patch = async |title: &str| {
        let body = Some(json!({ "title": title }));
        house.call("PATCH", &path, Some(&owner), body).await
    };
    patch("told to nobody").await;
    house.act("publish", &id, &owner).await;
    patch("told to everybody").await;
    house.act("unpublish", &id, &owner).await;
    let reason = Some(json!({ "reason": "rain" }));
    let cancel = format!("/events/{id}/cancel");
    house
        .call("POST", &cancel, Some(&moderator()), reason)
        .await;
    house
        .until(async || !house.heard("event.canceled", &id).is_empty())
        .await;

    let topics = [
        "event.published",
        "event.updated",
        "event.unpublished",
        "event.canceled",
    ];
    let mut earlier: Option<DateTime<Utc>> = None;
    for (topic, status) in topics
        .into_iter()
        .zip(["published", "published", "draft", "canceled"])
    {
        let told = house.heard(topic, &id);
        assert_eq!(told.len(), 1, "{topic}");
        let (message, body) = &told[0];
        assert_eq!(body["version"], 1);
        assert_eq!(body["producer"], "event-service");
        assert_eq!(body["message_id"], message.as_str());
        let at: DateTime<Utc> = body["occurred_at"].as_str().unwrap().parse().unwrap();
        assert!(earlier.is_none_or(|earlier| earlier < at));
        earlier = Some(at);
        let payload = &body["payload"];
        assert_eq!(payload["owner_id"], owner.id.to_string());
        assert_eq!(payload["status"], status);
        assert_eq!(
            payload["actor_role"],
            if topic == "event.canceled" {
                "moderator"
            } else {
                "user"
            }
        );
    }
    let (_, published) = &house.heard("event.published", &id)[0];
    let payload = &published["payload"];
    assert_eq!(payload["city"], "Hamburg");
    assert_eq!(payload["category"], "tech");
    assert_eq!(payload["capacity"], 10);
    assert_eq!(payload["title"], "told to nobody");
    assert!(payload["start_time"].is_string() && payload["end_time"].is_string());
    assert_eq!(
        house.heard("event.updated", &id)[0].1["payload"]["title"],
        "told to everybody"
    );
    assert_eq!(
        house.heard("event.canceled", &id)[0].1["payload"]["reason"],
        "rain"
    );
}

pub(crate) async fn states_are_written_down_obs_11(house: House) {
    let owner = user();
    let id = house.published(&owner, &draft("Rust")).await;
    house.act("publish", &id, &owner).await;
    house.act("unpublish", &id, &owner).await;
    let moderator = moderator();
    house.act("cancel", &id, &moderator).await;
    let written: Vec<(String, String, String)> =
        sql("SELECT action, actor, target_id FROM audit_log ORDER BY sequence")
            .fetch_all(&house.database)
            .await
            .unwrap();
    let by = |action: &str, person: &crate::house::Person| {
        (action.to_owned(), person.id.to_string(), id.clone())
    };
    assert_eq!(
        written,
        [
            by("event.create", &owner),
            by("event.publish", &owner),
            by("event.unpublish", &owner),
            by("event.cancel", &moderator)
        ]
    );
}

pub(crate) async fn changes_are_written_down_by_the_names_of_fields_obs_11(house: House) {
    let owner = user();
    let id = house.draft(&owner, &draft("Rust")).await;
    let path = format!("/events/{id}");
    let patch = async |person: &crate::house::Person, body| {
        house.call("PATCH", &path, Some(person), Some(body)).await.0
    };
    let moderator = moderator();
    // As long as one may be, and the city as it was.
    let long = json!({ "title": "Go", "description": "x".repeat(4_000), "city": "Hamburg" });
    assert_eq!(patch(&moderator, long).await, 200);
    assert_eq!(patch(&user(), json!({ "capacity": 7 })).await, 403);
    let rest =
        json!({ "capacity": 7, "end_time": "2036-03-01T21:00:00Z", "cover_image_ids": ["a"] });
    assert_eq!(patch(&owner, rest).await, 200);
    let written: Vec<(String, String, String, String)> =
        sql("SELECT action, actor, target_id, details FROM audit_log ORDER BY sequence")
            .fetch_all(&house.database)
            .await
            .unwrap();
    let by = |action: &str, person: &crate::house::Person, details: &str| {
        let (action, details) = (action.to_owned(), details.to_owned());
        (action, person.id.to_string(), id.clone(), details)
    };
    assert_eq!(
        written,
        [
            by("event.create", &owner, "{}"),
            by(
                "event.update",
                &moderator,
                r#"{"fields":"title description"}"#
            ),
            by(
                "event.update",
                &owner,
                r#"{"fields":"end_time capacity cover_image_ids"}"#
            ),
        ]
    );
}
