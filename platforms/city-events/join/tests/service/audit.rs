use city_events_contract::messages::EventCanceled;
use seaworthy::data::sql;
use seaworthy_testkit::eventually;

use crate::{app::TestApp, user::user};

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
