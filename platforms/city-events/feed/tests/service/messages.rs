use city_events_contract::messages::{
    EventCanceled, EventPublished, EventUnpublished, EventUpdated,
};
use seaworthy::{
    messaging::{Event, Message},
    prelude::*,
};
use seaworthy_testkit::eventually;
use seaworthy_testkit::http::get;

use crate::app::{TestApp, TestEvent, joined, left, seats};

const ALL: &str = "type=latest&limit=50";
/// Ordering key of join messages.
const KEY: &str = "an event";

pub(crate) async fn index_follows_events_and_ignores_old_messages_msg_5(app: TestApp) {
    let event = TestEvent::new("Jazz", 1);
    app.publish(&event).await;
    let renamed = TestEvent {
        title: "Jazz at sea".to_owned(),
        ..event.later(1)
    };
    app.send(&EventUpdated(renamed.envelope("published"))).await;
    let has_new_title = async || app.titles(ALL) == ["Jazz at sea"];
    eventually(has_new_title).await;
    let is_empty = async || app.titles(ALL).is_empty();
    let unpublished = renamed.later(1);
    app.send(&EventUnpublished(unpublished.envelope("draft")))
        .await;
    eventually(is_empty).await;
    let republished = unpublished.later(1);
    app.publish(&republished).await;
    let canceled = republished.later(1);
    app.send(&EventCanceled(canceled.envelope("canceled")))
        .await;
    eventually(is_empty).await;

    // An old message arrives late.
    app.send(&EventPublished(republished.envelope("published")))
        .await;
    let mut unknown_version = canceled.later(1).envelope("published");
    unknown_version.version = 2;
    app.send(&EventPublished(unknown_version)).await;
    app.publish(&TestEvent::new("Marker", 1)).await;
    assert_eq!(app.titles(ALL), ["Marker"]);
}

/// Sends a message with the ordering key of an event, as the join service does.
async fn send_in_order<E: Event + Serialize>(app: &TestApp, event: &E) {
    app.send_message(Message::from_event(event).key(KEY)).await;
}

fn trend_score(app: &TestApp, title: &str) -> f64 {
    let page = app.page("type=trending", &[]);
    let items = page["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["title"] == title).unwrap();
    item["trend_score"].as_f64().unwrap()
}

pub(crate) async fn joins_and_leaves_change_the_score_msg_5(app: TestApp) {
    let (plain, liked) = (TestEvent::new("Plain", 2), TestEvent::new("Liked", 2));
    app.publish(&plain).await;
    app.publish(&liked).await;
    let base = trend_score(&app, "Liked");
    let eventually_adds = async |score: f64| {
        let has_score = async || (trend_score(&app, "Liked") - base - score).abs() < 0.1;
        eventually(has_score).await;
    };
    let user = seaworthy::core::new_id();
    // Two joins of one user count once.
    for _ in 0..2 {
        send_in_order(&app, &joined(user, &liked)).await;
    }
    // Each user adds four points for the day and two for the week.
    send_in_order(&app, &joined(seaworthy::core::new_id(), &liked)).await;
    eventually_adds(12.0).await;
    assert_eq!(app.titles("type=trending"), ["Liked", "Plain"]);
    send_in_order(&app, &left(user, &liked)).await;
    eventually_adds(6.0).await;
    send_in_order(&app, &joined(user, &liked)).await;
    eventually_adds(12.0).await;
}

pub(crate) async fn late_join_does_not_undo_leave_msg_5(app: TestApp) {
    let (liked, late) = (TestEvent::new("Liked", 2), TestEvent::new("Late", 2));
    app.publish(&liked).await;
    app.publish(&late).await;
    let (base, user) = (trend_score(&app, "Late"), seaworthy::core::new_id());
    let join = Message::from_event(&joined(user, &late)).key(KEY);
    send_in_order(&app, &left(user, &late)).await;
    app.send_message(join).await;
    send_in_order(&app, &joined(user, &liked)).await;
    let is_processed = async || trend_score(&app, "Liked") > base + 5.0;
    eventually(is_processed).await;
    assert!(trend_score(&app, "Late") < base + 0.1);
}

pub(crate) async fn revision_orders_joins_of_replicas_with_clock_skew_msg_5(app: TestApp) {
    let (liked, late) = (TestEvent::new("Liked", 2), TestEvent::new("Late", 2));
    app.publish(&liked).await;
    app.publish(&late).await;
    let (base, user) = (trend_score(&app, "Late"), seaworthy::core::new_id());
    let mut leave = left(user, &late);
    leave.seats = seats(5);
    let leave = Message::from_event(&leave).key(KEY);
    // The join has a later time and an earlier revision.
    let mut join = joined(user, &late);
    join.seats = seats(4);
    send_in_order(&app, &join).await;
    app.send_message(leave).await;
    send_in_order(&app, &joined(user, &liked)).await;
    let is_processed = async || trend_score(&app, "Liked") > base + 5.0;
    eventually(is_processed).await;
    assert!(trend_score(&app, "Late") < base + 0.1);
}

pub(crate) async fn event_messages_need_no_id_in_their_envelope_msg_5(app: TestApp) {
    let mut envelope = TestEvent::new("Legacy", 1).envelope("published");
    envelope.message_id = None;
    app.send(&EventPublished(envelope)).await;
    eventually(async || app.titles(ALL) == ["Legacy"]).await;
}

pub(crate) async fn invalid_messages_are_dead_lettered_and_others_continue_msg_3(app: TestApp) {
    for body in ["{", "{}", r#"{"version":1,"payload":{}}"#] {
        app.send_message(Message::raw("event.published", "application/json", body))
            .await;
    }
    let dead_letters = || -> u64 {
        let metrics = get(app.admin, "/metrics").unwrap().body;
        let lines = metrics
            .lines()
            .filter(|line| line.starts_with("messages_dead_lettered_total{"));
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    };
    eventually(async || dead_letters() == 3).await;
    app.publish(&TestEvent::new("Good", 1)).await;
}
