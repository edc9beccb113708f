use city_events_contract::messages::{EventCanceled, EventPublished, EventUpdated};
use seaworthy::{data::sql, messaging::Message};
use seaworthy_testkit::eventually;
use serde_json::Value;

use crate::{
    app::{TestApp, code},
    event::TestEvent,
    user::user,
};

async fn cancel(app: &TestApp, event: &TestEvent) {
    let mut envelope = event.later().envelope("canceled");
    envelope.payload.reason = Some("the hall burnt down".to_owned());
    let message = EventCanceled(envelope);
    app.publish(&message).await;
    app.publish(&message).await;
    app.eventually_capacity_is(event, -1).await;
}

pub(crate) async fn cancellation_expires_joins_and_notifies_each_user_once_msg_5(app: TestApp) {
    let event = app.create_event(2).await;
    let (one, two, three, left) = (user(), user(), user(), user());
    for user in [&left, &one, &two, &three] {
        app.join(&event, user).await;
    }
    app.cancel(&event, &left).await;
    cancel(&app, &event).await;
    assert_eq!(app.seats(&event).await, (0, 0));
    for user in [&one, &two, &three] {
        eventually(async || app.status(&event, user).await == "expired").await;
    }
    assert_eq!(app.status(&event, &left).await, "canceled");
    let own = app.call("GET", "/me/joins", &one, None, &[]).await.1;
    assert_eq!(
        own["data"]["items"][0]["expired_reason"],
        "the hall burnt down"
    );
    app.eventually_received("email.event_canceled", &event, 3)
        .await;
    assert!(!app.received("join.counted", &event).is_empty());
    let mails = app.received("email.event_canceled", &event);
    let mut users: Vec<_> = mails
        .iter()
        .map(|mail| mail["user_id"].as_str().unwrap().to_owned())
        .collect();
    users.sort();
    let mut expected = [&one, &two, &three].map(|user| user.id.to_string());
    expected.sort();
    assert_eq!(users, expected);
    assert_eq!(mails[0]["event_action"], "canceled");
    assert_eq!(mails[0]["producer"], "join-service");
    assert_eq!(mails[0]["reason"], "the hall burnt down");

    assert_eq!(
        code(&app.join(&event, &user()).await),
        (410, "event.closed")
    );
    assert_eq!(app.cancel(&event, &one).await.0, 200);
    assert_eq!(app.status(&event, &one).await, "expired");
}

pub(crate) async fn outdated_and_unsupported_event_messages_are_ignored(app: TestApp) {
    let canceled = app.create_event(2).await;
    cancel(&app, &canceled).await;
    app.publish(&EventPublished(
        canceled.later().later().envelope("published"),
    ))
    .await;
    let event = app.create_event(2).await;
    let outdated = TestEvent {
        at: event.at - chrono::TimeDelta::seconds(1),
        capacity: 7,
        ..event.clone()
    };
    app.publish(&EventUpdated(outdated.envelope("published")))
        .await;
    // The service drops an unsupported version of the envelope.
    let mut unsupported = event.later().envelope("published");
    unsupported.version = 2;
    unsupported.payload.capacity = 9;
    app.publish(&EventUpdated(unsupported)).await;
    // The service processes messages in order, so it has processed all of them before this one.
    app.create_event(1).await;
    assert_eq!(app.stats(&event).await.1["data"]["capacity"], 2);
    assert_eq!(app.stats(&canceled).await.1["data"]["capacity"], -1);
}

pub(crate) async fn higher_capacity_promotes_and_lower_capacity_removes_no_user(app: TestApp) {
    let event = app.create_event(2).await;
    let users = [user(), user(), user(), user(), user()];
    for user in &users {
        app.join(&event, user).await;
    }
    let raised = TestEvent {
        capacity: 4,
        ..event.later()
    };
    app.publish(&EventUpdated(raised.envelope("published")))
        .await;
    app.eventually_seats_are(&event, (4, 1)).await;
    assert_eq!(app.status(&event, &users[3]).await, "active");
    assert_eq!(app.status(&event, &users[4]).await, "waitlisted");

    let lowered = TestEvent {
        capacity: 1,
        ..raised.later()
    };
    app.publish(&EventUpdated(lowered.envelope("published")))
        .await;
    app.eventually_capacity_is(&event, 1).await;
    assert_eq!(app.seats(&event).await, (4, 1));
    // A free seat above the new capacity promotes no user.
    app.cancel(&event, &users[0]).await;
    assert_eq!(app.seats(&event).await, (3, 1));

    let unlimited = TestEvent {
        capacity: 0,
        ..lowered.later()
    };
    app.publish(&EventUpdated(unlimited.envelope("published")))
        .await;
    app.eventually_seats_are(&event, (4, 0)).await;
}

pub(crate) async fn messages_contain_counts_after_each_change_msg_5(app: TestApp) {
    let event = app.create_event(1).await;
    let (one, two) = (user(), user());
    app.join(&event, &one).await;
    app.join(&event, &two).await;
    app.cancel(&event, &one).await;
    app.eventually_received("join.promoted", &event, 1).await;
    let seats = |body: &Value| {
        let seats = &body["seats"];
        ["active", "waitlisted", "revision"].map(|name| seats[name].as_i64().unwrap())
    };
    let created: Vec<_> = app
        .received("join.created", &event)
        .iter()
        .map(seats)
        .collect();
    assert_eq!(created, [[1, 0, 1], [1, 1, 2]]);
    let canceled: Vec<_> = app
        .received("join.canceled", &event)
        .iter()
        .map(seats)
        .collect();
    assert_eq!(canceled, [[0, 1, 3]]);
    let promoted: Vec<_> = app
        .received("join.promoted", &event)
        .iter()
        .map(seats)
        .collect();
    assert_eq!(promoted, [[1, 0, 4]]);
}

pub(crate) async fn counts_are_published_while_another_event_fails_msg_5(app: TestApp) {
    let broken = app.create_event(2).await;
    app.join(&broken, &user()).await;
    sql("UPDATE event_capacity SET state = 'unknown' WHERE event_id = ?")
        .bind(broken.id)
        .execute(&app.database)
        .await
        .unwrap();
    let event = app.create_event(2).await;
    app.join(&event, &user()).await;
    app.eventually_received("join.counted", &event, 1).await;
}

pub(crate) async fn event_messages_need_no_id_in_their_envelope_msg_5(app: TestApp) {
    let event = TestEvent::with_capacity(2);
    let mut envelope = event.envelope("published");
    envelope.message_id = None;
    let message = EventPublished(envelope);
    let body = serde_json::to_value(&message).unwrap();
    assert!(body.get("message_id").is_none());
    app.publish(&message).await;
    app.eventually_capacity_is(&event, 2).await;
}

pub(crate) async fn unreadable_messages_are_dead_lettered_and_others_processed_msg_3(app: TestApp) {
    for body in ["{", "{}", r#"{"version":1,"payload":{}}"#] {
        app.publish_raw(Message::raw("event.published", "application/json", body))
            .await;
    }
    eventually(async || app.metric("join_service_messages_dead_lettered_total") == 3).await;
    app.create_event(1).await;
}
