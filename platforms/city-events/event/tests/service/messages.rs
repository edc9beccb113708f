use chrono::{DateTime, Utc};
use seaworthy_testkit::eventually;
use serde_json::json;

use crate::app::{TestApp, draft, moderator, user};

pub(crate) async fn each_change_publishes_one_message_msg_4(app: TestApp) {
    let owner = user();
    let id = app.create_draft(&owner, &draft("Rust")).await;
    let path = format!("/events/{id}");
    let patch = async |title: &str| {
        let body = Some(json!({ "title": title }));
        app.call("PATCH", &path, Some(&owner), body).await
    };
    patch("changed as a draft").await;
    app.transition("publish", &id, &owner).await;
    patch("changed in public").await;
    app.transition("unpublish", &id, &owner).await;
    let reason = Some(json!({ "reason": "rain" }));
    let cancel = format!("/events/{id}/cancel");
    app.call("POST", &cancel, Some(&moderator()), reason).await;
    eventually(async || !app.received("event.canceled", &id).is_empty()).await;

    let topics = [
        "event.published",
        "event.updated",
        "event.unpublished",
        "event.canceled",
    ];
    let mut previous: Option<DateTime<Utc>> = None;
    for (topic, status) in topics
        .into_iter()
        .zip(["published", "published", "draft", "canceled"])
    {
        let received = app.received(topic, &id);
        assert_eq!(received.len(), 1, "{topic}");
        let (message, body) = &received[0];
        assert_eq!(body["version"], 1);
        assert_eq!(body["producer"], "event-service");
        assert_eq!(body["message_id"], message.as_str());
        let at: DateTime<Utc> = body["occurred_at"].as_str().unwrap().parse().unwrap();
        assert!(previous.is_none_or(|previous| previous < at));
        previous = Some(at);
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
    let (_, published) = &app.received("event.published", &id)[0];
    let payload = &published["payload"];
    assert_eq!(payload["city"], "Hamburg");
    assert_eq!(payload["category"], "tech");
    assert_eq!(payload["capacity"], 10);
    assert_eq!(payload["title"], "changed as a draft");
    assert!(payload["start_time"].is_string() && payload["end_time"].is_string());
    assert_eq!(
        app.received("event.updated", &id)[0].1["payload"]["title"],
        "changed in public"
    );
    assert_eq!(
        app.received("event.canceled", &id)[0].1["payload"]["reason"],
        "rain"
    );
}
