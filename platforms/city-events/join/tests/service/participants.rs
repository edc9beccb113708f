use city_events_contract::messages::EventUnpublished;
use seaworthy_testkit::eventually;

use crate::{
    app::{TestApp, code, joined},
    event::TestEvent,
    user::{user, user_with_role},
};

pub(crate) async fn joins_fill_seats_then_waitlist_then_are_rejected(app: TestApp) {
    let event = app.create_event(1).await;
    assert_eq!(joined(&app.join(&event, &user()).await), "active");
    for _ in 0..20 {
        assert_eq!(joined(&app.join(&event, &user()).await), "waitlisted");
    }
    let full = app.join(&event, &user()).await;
    assert_eq!(code(&full), (409, "event.full"));
    assert_eq!(app.seats(&event).await, (1, 20));

    let open = app.create_event(0).await;
    for _ in 0..30 {
        assert_eq!(joined(&app.join(&open, &user()).await), "active");
    }
}

pub(crate) async fn cancel_promotes_the_longest_waiting_user(app: TestApp) {
    let event = app.create_event(1).await;
    let users = [user(), user(), user(), user()];
    for user in &users {
        app.join(&event, user).await;
    }
    // The cancel of a waitlisted user promotes no other user.
    let left = app.cancel(&event, &users[1]).await;
    assert_eq!(
        (left.0, left.1["data"]["msg"].as_str()),
        (200, Some("canceled"))
    );
    assert_eq!(app.seats(&event).await, (1, 2));
    app.cancel(&event, &users[0]).await;
    let mut now = Vec::new();
    for user in &users {
        now.push(app.status(&event, user).await);
    }
    assert_eq!(now, ["canceled", "canceled", "active", "waitlisted"]);
    assert_eq!(app.seats(&event).await, (1, 1));
    app.eventually_received("join.promoted", &event, 1).await;
    let promoted = &app.received("join.promoted", &event)[0];
    assert_eq!(promoted["user_id"], users[2].id.to_string());
    assert_eq!(promoted["reason"], "slot_freed");
    let canceled = app.received("join.canceled", &event);
    let before: Vec<_> = canceled
        .iter()
        .map(|body| body["prev_status"].as_str().unwrap())
        .collect();
    assert_eq!(before, ["waitlisted", "active"]);
}

pub(crate) async fn second_join_goes_to_the_end_of_the_waitlist(app: TestApp) {
    let event = app.create_event(1).await;
    let (first, second, third) = (user(), user(), user());
    for user in [&first, &second, &third] {
        app.join(&event, user).await;
    }
    app.cancel(&event, &second).await;
    assert_eq!(joined(&app.join(&event, &second).await), "waitlisted");
    app.cancel(&event, &first).await;
    assert_eq!(app.status(&event, &third).await, "active");
    assert_eq!(app.status(&event, &second).await, "waitlisted");
    let path = "/me/joins";
    let own = app.call("GET", path, &second, None, &[]).await.1;
    let record = &own["data"]["items"][0];
    assert!(
        record.get("canceled_at").is_none(),
        "old marks are cleared: {record}"
    );
    let twice = app.join(&event, &second).await;
    assert_eq!(code(&twice), (409, "state_already_reached"));
}

pub(crate) async fn join_is_rejected_by_owner_state_and_end_of_event(app: TestApp) {
    let unknown = TestEvent::with_capacity(5);
    let refused = app.join(&unknown, &user()).await;
    assert_eq!(code(&refused), (404, "event.not_found"));

    let event = app.create_event(5).await;
    let owner = user_with_role(event.owner, "user");
    let refused = app.join(&event, &owner).await;
    assert_eq!(code(&refused), (403, "auth.forbidden"));

    let ended = TestEvent {
        end: chrono::Utc::now() - chrono::TimeDelta::minutes(1),
        ..TestEvent::with_capacity(5)
    };
    app.announce(&ended).await;
    assert_eq!(
        code(&app.join(&ended, &user()).await),
        (410, "event.closed")
    );

    let later = event.later();
    app.publish(&EventUnpublished(later.envelope("draft")))
        .await;
    eventually(async || code(&app.join(&event, &user()).await) == (410, "event.closed")).await;
    app.announce(&later.later()).await;
    eventually(async || app.join(&event, &user()).await.0 == 200).await;
}

pub(crate) async fn cancel_of_an_ended_join_has_no_effect(app: TestApp) {
    let event = app.create_event(1).await;
    let (one, other) = (user(), user());
    let never = app.cancel(&event, &other).await;
    assert_eq!(code(&never), (404, "join.not_found"));
    app.join(&event, &one).await;
    for _ in 0..2 {
        assert_eq!(app.cancel(&event, &one).await.0, 200);
    }
    assert_eq!(app.seats(&event).await, (0, 0));
    let own = app.call("GET", "/me/joins", &one, None, &[]).await.1;
    let record = &own["data"]["items"][0];
    assert_eq!(record["canceled_reason"], "self_cancel");
    assert_eq!(record["canceled_by"], one.id.to_string());
}

pub(crate) async fn own_joins_are_paged_newest_first(app: TestApp) {
    let one = user();
    let mut events = Vec::new();
    for _ in 0..5 {
        let event = app.create_event(1).await;
        app.join(&event, &one).await;
        events.push(event.id.to_string());
    }
    events.reverse();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/me/joins?limit=2&cursor={cursor}");
        let page = app.call("GET", &path, &one, None, &[]).await.1;
        for item in page["data"]["items"].as_array().unwrap() {
            seen.push(item["event_id"].as_str().unwrap().to_owned());
        }
        page["data"]["next_cursor"]
            .as_str()
            .unwrap()
            .clone_into(&mut cursor);
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(seen, events);

    let count = async |query: &str| {
        let path = format!("/me/joins?{query}");
        let page = app.call("GET", &path, &one, None, &[]).await.1;
        page["data"]["items"].as_array().unwrap().len()
    };
    assert_eq!(count("status=active,waitlisted").await, 5);
    assert_eq!(count("status=canceled").await, 0);
    assert_eq!(count("from=2100-01-01T00:00:00Z").await, 0);
    assert_eq!(count("to=2100-01-01T00:00:00Z").await, 5);
    for wrong in ["status=joined", "cursor=x", "from=yesterday"] {
        let path = format!("/me/joins?{wrong}");
        let refused = app.call("GET", &path, &one, None, &[]).await;
        assert_eq!(code(&refused), (400, "request.invalid"), "{wrong}");
    }
    let empty = app.call("GET", "/me/joins", &user(), None, &[]).await.1;
    assert_eq!(empty["data"]["items"], serde_json::json!([]));
}

pub(crate) async fn thirty_concurrent_joins_of_a_user_create_one(app: TestApp) {
    let event = app.create_event(1).await;
    let one = user();
    let responses = futures::future::join_all((0..30).map(|_| app.join(&event, &one))).await;
    let won = responses
        .iter()
        .filter(|response| response.0 == 200)
        .count();
    let lost = responses
        .iter()
        .filter(|response| code(response) == (409, "state_already_reached"))
        .count();
    assert_eq!((won, lost), (1, 29));
    assert_eq!(app.seats(&event).await, (1, 0));
}
