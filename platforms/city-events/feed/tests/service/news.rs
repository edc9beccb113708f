use city_events_contract::messages::{
    EventCanceled, EventPublished, EventUnpublished, EventUpdated, JoinCanceled,
};
use seaworthy::messaging::Message;
use seaworthy_testkit::http::get;

use crate::house::{House, Told, joined};

const ALL: &str = "type=latest&limit=50";

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

pub(crate) async fn joins_count_and_are_taken_back_msg_5(house: House) {
    let (plain, liked) = (Told::of("Plain", 2), Told::of("Liked", 2));
    house.publish(&plain).await;
    house.publish(&liked).await;
    let score = || {
        let page = house.page("type=trending", &[]);
        let items = page["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["title"] == "Liked").unwrap();
        item["trend_score"].as_f64().unwrap()
    };
    let nearness = score();
    let user = seaworthy::core::new_id();
    // Somebody who joins twice is one.
    for _ in 0..2 {
        house.tell(&joined(user, &liked)).await;
    }
    // Four for the day and two for the week, of each of two.
    house.tell(&joined(seaworthy::core::new_id(), &liked)).await;
    house
        .until("two have joined", || {
            (score() - nearness - 12.0).abs() < 0.1
        })
        .await;
    assert_eq!(house.titles("type=trending"), ["Liked", "Plain"]);
    let left = JoinCanceled {
        event_id: liked.id,
        user_id: user,
        prev_status: "active".to_owned(),
        seats: None,
    };
    house.tell(&left).await;
    house
        .until("one has left", || (score() - nearness - 6.0).abs() < 0.1)
        .await;
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
            .filter(|line| line.starts_with("messages_dead_total{"));
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    };
    house.until("three dead letters", || dead() == 3).await;
    house.publish(&Told::of("Good", 1)).await;
}
