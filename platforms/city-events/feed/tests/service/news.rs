use city_events_contract::messages::{
    EventCanceled, EventPublished, EventUnpublished, EventUpdated,
};
use seaworthy::{
    messaging::{Event, Message},
    prelude::*,
};
use seaworthy_testkit::http::get;

use crate::house::{House, Told, joined, left, seats};

const ALL: &str = "type=latest&limit=50";
const LANE: &str = "the events of a test";

pub(crate) async fn the_index_follows_an_event_and_old_news_change_nothing_msg_5(house: House) {
    let event = Told::of("Jazz", 1);
    house.publish(&event).await;
    let renamed = Told {
        title: "Jazz at sea".to_owned(),
        ..event.later(1)
    };
    house
        .tell(&EventUpdated(renamed.envelope("published")))
        .await;
    house
        .until("the new title", || house.titles(ALL) == ["Jazz at sea"])
        .await;
    let back = renamed.later(1);
    house.tell(&EventUnpublished(back.envelope("draft"))).await;
    house
        .until("it is taken back", || house.titles(ALL).is_empty())
        .await;
    let again = back.later(1);
    house.publish(&again).await;
    let over = again.later(1);
    house.tell(&EventCanceled(over.envelope("canceled"))).await;
    house
        .until("it is canceled", || house.titles(ALL).is_empty())
        .await;

    // What happened before comes late.
    house
        .tell(&EventPublished(again.envelope("published")))
        .await;
    let mut foreign = over.later(1).envelope("published");
    foreign.version = 2;
    house.tell(&EventPublished(foreign)).await;
    house.publish(&Told::of("Marker", 1)).await;
    assert_eq!(house.titles(ALL), ["Marker"]);
}

/// As the service of joins tells it: what happens to one event comes in its order.
async fn tell_in_order<E: Event + Serialize>(house: &House, event: &E) {
    house.tell_message(Message::of(event).key(LANE)).await;
}

fn trend_score(house: &House, title: &str) -> f64 {
    let page = house.page("type=trending", &[]);
    let items = page["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["title"] == title).unwrap();
    item["trend_score"].as_f64().unwrap()
}

pub(crate) async fn joins_count_and_are_taken_back_msg_5(house: House) {
    let (plain, liked) = (Told::of("Plain", 2), Told::of("Liked", 2));
    house.publish(&plain).await;
    house.publish(&liked).await;
    let nearness = trend_score(&house, "Liked");
    let worth = async |what, score: f64| {
        let is = || (trend_score(&house, "Liked") - nearness - score).abs() < 0.1;
        house.until(what, is).await;
    };
    let user = seaworthy::core::new_id();
    // Somebody who joins twice is one.
    for _ in 0..2 {
        tell_in_order(&house, &joined(user, &liked)).await;
    }
    // Four for the day and two for the week, of each of two.
    tell_in_order(&house, &joined(seaworthy::core::new_id(), &liked)).await;
    worth("two have joined", 12.0).await;
    assert_eq!(house.titles("type=trending"), ["Liked", "Plain"]);
    tell_in_order(&house, &left(user, &liked)).await;
    worth("one has left", 6.0).await;
    tell_in_order(&house, &joined(user, &liked)).await;
    worth("they are back", 12.0).await;
}

pub(crate) async fn who_left_has_left_though_word_of_joining_comes_late_msg_5(house: House) {
    let (liked, late) = (Told::of("Liked", 2), Told::of("Late", 2));
    house.publish(&liked).await;
    house.publish(&late).await;
    let (nearness, user) = (trend_score(&house, "Late"), seaworthy::core::new_id());
    let has_joined = Message::of(&joined(user, &late)).key(LANE);
    tell_in_order(&house, &left(user, &late)).await;
    house.tell_message(has_joined).await;
    tell_in_order(&house, &joined(user, &liked)).await;
    house
        .until("what came after it is known", || {
            trend_score(&house, "Liked") > nearness + 5.0
        })
        .await;
    assert!(trend_score(&house, "Late") < nearness + 0.1);
}

pub(crate) async fn of_two_replicas_whose_clocks_differ_the_order_of_places_counts_msg_5(
    house: House,
) {
    let (liked, late) = (Told::of("Liked", 2), Told::of("Late", 2));
    house.publish(&liked).await;
    house.publish(&late).await;
    let (nearness, user) = (trend_score(&house, "Late"), seaworthy::core::new_id());
    let mut leaves = left(user, &late);
    leaves.seats = seats(5);
    let leaves = Message::of(&leaves).key(LANE);
    // By its clock it came after.
    let mut joins = joined(user, &late);
    joins.seats = seats(4);
    tell_in_order(&house, &joins).await;
    house.tell_message(leaves).await;
    tell_in_order(&house, &joined(user, &liked)).await;
    house
        .until("what came after it is known", || {
            trend_score(&house, "Liked") > nearness + 5.0
        })
        .await;
    assert!(trend_score(&house, "Late") < nearness + 0.1);
}

pub(crate) async fn what_cannot_be_read_is_set_aside_and_the_rest_goes_on_msg_3(house: House) {
    for body in ["{", "{}", r#"{"version":1,"payload":{}}"#] {
        house
            .tell_message(Message::raw("event.published", "application/json", body))
            .await;
    }
    let dead = || -> u64 {
        let metrics = get(house.admin, "/metrics").unwrap().body;
        let lines = metrics
            .lines()
            .filter(|line| line.starts_with("messages_dead_lettered_total{"));
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    };
    house.until("three dead letters", || dead() == 3).await;
    house.publish(&Told::of("Good", 1)).await;
}
