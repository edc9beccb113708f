use city_events_contract::messages::EventCanceled;
use seaworthy::data::sql;
use seaworthy_testkit::{database::EmptyDatabase, eventually, operation_log::only_entry};
use serde_json::json;

use crate::{
    app::{TestApp, start_with},
    user::{moderator, user},
};

/// Returns the action, the actor and the target of the entries about joins.
async fn entries(app: &TestApp) -> Vec<(String, Option<String>, String)> {
    sql("SELECT action, actor, target_id FROM audit_log WHERE action LIKE 'join.%' ORDER BY sequence")
        .fetch_all(&app.database)
        .await
        .unwrap()
}

pub(crate) async fn status_changes_of_joins_are_in_audit_log_obs_11(app: TestApp) {
    let event = app.create_event(1).await;
    let (one, two) = (user(), user());
    app.join(&event, &one).await;
    app.join(&event, &two).await;
    app.cancel(&event, &one).await;
    app.publish(&EventCanceled(event.later().envelope("canceled")))
        .await;
    eventually(async || entries(&app).await.len() >= 5).await;

    let (one, two) = (one.id.to_string(), two.id.to_string());
    let by = |actor: &str| Some(actor.to_owned());
    let expected = [
        ("join.create", by(&one), &one),
        ("join.create", by(&two), &two),
        ("join.cancel", by(&one), &one),
        ("join.promote", None, &two),
        ("join.expire", None, &two),
    ];
    let expected =
        expected.map(|(action, actor, target)| (action.to_owned(), actor, target.clone()));
    assert_eq!(entries(&app).await, expected);
    let (queued,): (i64,) = sql("SELECT count(*) FROM join_audit_queue")
        .fetch_one(&app.database)
        .await
        .unwrap();
    assert_eq!(queued, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setting_switches_the_operation_log_on_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let settings = [
        "operation_log.enabled=true",
        "operation_log.claim_node=true",
    ];
    let app = start_with(empty, &settings).await;
    let (event, moderator) = (app.create_event(1).await, moderator());
    let body = json!({ "user_id": user().id, "reason": "spam from ada@example.org" });
    let path = format!("/events/{}/bans", event.id);
    let banned = app.call("POST", &path, &moderator, Some(body), &[]).await;
    assert_eq!(banned.0, 200, "{}", banned.1);
    let entry = only_entry(app.admin).unwrap();
    assert_eq!(entry["target"], "/api/v1/events/{event}/bans", "{entry}");
    assert_eq!(entry["result"], "ok", "{entry}");
    assert_eq!(entry["user_id"], moderator.id.to_string(), "{entry}");
    let content = entry["content"].as_str().unwrap();
    assert!(content.contains("spam from"), "{content}");
    assert!(!content.contains("ada@example.org"), "{content}");
}
