use seaworthy::data::sql;
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};

use crate::app::{TestApp, TestUser, draft, moderator, start_with, user};

pub(crate) async fn transitions_are_in_audit_log_obs_11(app: TestApp) {
    let owner = user();
    let id = app.create_published(&owner, &draft("Rust")).await;
    app.transition("publish", &id, &owner).await;
    app.transition("unpublish", &id, &owner).await;
    let moderator = moderator();
    app.transition("cancel", &id, &moderator).await;
    let entries: Vec<(String, String, String)> =
        sql("SELECT action, actor, target_id FROM audit_log ORDER BY sequence")
            .fetch_all(&app.database)
            .await
            .unwrap();
    let entry =
        |action: &str, user: &TestUser| (action.to_owned(), user.id.to_string(), id.clone());
    assert_eq!(
        entries,
        [
            entry("event.create", &owner),
            entry("event.publish", &owner),
            entry("event.unpublish", &owner),
            entry("event.cancel", &moderator)
        ]
    );
}

pub(crate) async fn updates_are_in_audit_log_by_field_name_obs_11(app: TestApp) {
    let owner = user();
    let id = app.create_draft(&owner, &draft("Rust")).await;
    let path = format!("/events/{id}");
    let patch =
        async |user: &TestUser, body| app.call("PATCH", &path, Some(user), Some(body)).await.0;
    let moderator = moderator();
    // The maximum length, with an unchanged city.
    let long = json!({ "title": "Go", "description": "x".repeat(4_000), "city": "Hamburg" });
    assert_eq!(patch(&moderator, long).await, 200);
    assert_eq!(patch(&user(), json!({ "capacity": 7 })).await, 403);
    let rest =
        json!({ "capacity": 7, "end_time": "2036-03-01T21:00:00Z", "cover_image_ids": ["a"] });
    assert_eq!(patch(&owner, rest).await, 200);
    let entries: Vec<(String, String, String, String)> =
        sql("SELECT action, actor, target_id, details FROM audit_log ORDER BY sequence")
            .fetch_all(&app.database)
            .await
            .unwrap();
    let entry = |action: &str, user: &TestUser, details: &str| {
        let (action, details) = (action.to_owned(), details.to_owned());
        (action, user.id.to_string(), id.clone(), details)
    };
    assert_eq!(
        entries,
        [
            entry("event.create", &owner, "{}"),
            entry(
                "event.update",
                &moderator,
                r#"{"fields":"title description"}"#
            ),
            entry(
                "event.update",
                &owner,
                r#"{"fields":"end_time capacity cover_image_ids"}"#
            ),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setting_switches_the_operation_log_on_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let settings = [
        "operation_log.enabled=true",
        "operation_log.claim_node=true",
    ];
    let app = start_with(empty, &settings).await;
    let owner = user();
    let id = app.create_draft(&owner, &draft("Rust")).await;
    app.transition("publish", &id, &owner).await;
    let url = format!("http://{}/operation-log?user_id={}", app.admin, owner.id);
    let listed = app.client().get(url).send().await.unwrap();
    let listed: Value = serde_json::from_str(&listed.text().await.unwrap()).unwrap();
    let entries = listed["operations"].as_array().unwrap();
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| (entry["operation"].as_str().unwrap(), &entry["result"]))
        .collect();
    let ok = &Value::from("ok");
    assert_eq!(seen, [("POST", ok), ("POST", ok)], "{listed}");
}
