use city_events_contract::messages::{EventCanceled, EventPublished, EventUpdated};
use seaworthy::{data::sql, messaging::Message};
use serde_json::Value;

use crate::house::{Announced, House, code, user};

async fn cancel(house: &House, event: &Announced) {
    let mut envelope = event.later().envelope("canceled");
    envelope.payload.reason = Some("the hall burnt down".to_owned());
    let message = EventCanceled(envelope);
    house.publish(&message).await;
    house.publish(&message).await;
    house
        .until(async || house.stats(event).await.1["data"]["capacity"] == -1)
        .await;
}

pub(crate) async fn a_cancellation_ends_every_join_and_tells_everybody_once_msg_5(house: House) {
    let event = house.event(2).await;
    let (one, two, three, gone) = (user(), user(), user(), user());
    for person in [&gone, &one, &two, &three] {
        house.join(&event, person).await;
    }
    house.leave(&event, &gone).await;
    cancel(&house, &event).await;
    assert_eq!(house.seats(&event).await, (0, 0));
    for person in [&one, &two, &three] {
        house
            .until(async || house.status(&event, person).await == "expired")
            .await;
    }
    assert_eq!(house.status(&event, &gone).await, "canceled");
    let own = house.call("GET", "/me/joins", &one, None, &[]).await.1;
    assert_eq!(
        own["data"]["items"][0]["expired_reason"],
        "the hall burnt down"
    );
    house
        .until(async || house.heard("email.event_canceled", &event).len() >= 3)
        .await;
    assert!(!house.heard("join.counted", &event).is_empty());
    let mails = house.heard("email.event_canceled", &event);
    let mut to: Vec<_> = mails
        .iter()
        .map(|mail| mail["user_id"].as_str().unwrap().to_owned())
        .collect();
    to.sort();
    let mut everybody = [&one, &two, &three].map(|person| person.id.to_string());
    everybody.sort();
    assert_eq!(to, everybody);
    assert_eq!(mails[0]["event_action"], "canceled");
    assert_eq!(mails[0]["producer"], "join-service");
    assert_eq!(mails[0]["reason"], "the hall burnt down");

    assert_eq!(
        code(&house.join(&event, &user()).await),
        (410, "event.closed")
    );
    assert_eq!(house.leave(&event, &one).await.0, 200);
    assert_eq!(house.status(&event, &one).await, "expired");
}

pub(crate) async fn old_news_change_nothing(house: House) {
    let canceled = house.event(2).await;
    cancel(&house, &canceled).await;
    house
        .publish(&EventPublished(
            canceled.later().later().envelope("published"),
        ))
        .await;
    let event = house.event(2).await;
    let old = Announced {
        at: event.at - chrono::TimeDelta::seconds(1),
        capacity: 7,
        ..event.clone()
    };
    house
        .publish(&EventUpdated(old.envelope("published")))
        .await;
    // Another version of the envelope is dropped.
    let mut foreign = event.later().envelope("published");
    foreign.version = 2;
    foreign.payload.capacity = 9;
    house.publish(&EventUpdated(foreign)).await;
    // What comes after them was handled after them.
    let last = house.event(1).await;
    house
        .until(async || house.stats(&last).await.0 == 200)
        .await;
    assert_eq!(house.stats(&event).await.1["data"]["capacity"], 2);
    assert_eq!(house.stats(&canceled).await.1["data"]["capacity"], -1);
}

pub(crate) async fn a_raise_lets_in_who_waits_and_a_cut_expels_nobody(house: House) {
    let event = house.event(2).await;
    let people = [user(), user(), user(), user(), user()];
    for person in &people {
        house.join(&event, person).await;
    }
    let raised = Announced {
        capacity: 4,
        ..event.later()
    };
    house
        .publish(&EventUpdated(raised.envelope("published")))
        .await;
    house
        .until(async || house.seats(&event).await == (4, 1))
        .await;
    assert_eq!(house.status(&event, &people[3]).await, "active");
    assert_eq!(house.status(&event, &people[4]).await, "waitlisted");

    let cut = Announced {
        capacity: 1,
        ..raised.later()
    };
    house
        .publish(&EventUpdated(cut.envelope("published")))
        .await;
    house
        .until(async || house.stats(&event).await.1["data"]["capacity"] == 1)
        .await;
    assert_eq!(house.seats(&event).await, (4, 1));
    // A place that is freed above the new number is nobody's.
    house.leave(&event, &people[0]).await;
    assert_eq!(house.seats(&event).await, (3, 1));

    let unlimited = Announced {
        capacity: 0,
        ..cut.later()
    };
    house
        .publish(&EventUpdated(unlimited.envelope("published")))
        .await;
    house
        .until(async || house.seats(&event).await == (4, 0))
        .await;
}

pub(crate) async fn counts_are_told_with_every_change_and_again_msg_5(house: House) {
    let event = house.event(1).await;
    let (one, two) = (user(), user());
    house.join(&event, &one).await;
    house.join(&event, &two).await;
    house.leave(&event, &one).await;
    house
        .until(async || house.heard("join.promoted", &event).len() == 1)
        .await;
    let seats = |body: &Value| {
        let seats = &body["seats"];
        ["active", "waitlisted", "revision"].map(|name| seats[name].as_i64().unwrap())
    };
    let created: Vec<_> = house
        .heard("join.created", &event)
        .iter()
        .map(seats)
        .collect();
    assert_eq!(created, [[1, 0, 1], [1, 1, 2]]);
    let canceled: Vec<_> = house
        .heard("join.canceled", &event)
        .iter()
        .map(seats)
        .collect();
    assert_eq!(canceled, [[0, 1, 3]]);
    let promoted: Vec<_> = house
        .heard("join.promoted", &event)
        .iter()
        .map(seats)
        .collect();
    assert_eq!(promoted, [[1, 0, 4]]);
}

pub(crate) async fn failing_event_keeps_counts_of_others_published_msg_5(house: House) {
    let broken = house.event(2).await;
    house.join(&broken, &user()).await;
    sql("UPDATE event_capacity SET state = 'unknown' WHERE event_id = ?")
        .bind(broken.id)
        .execute(&house.database)
        .await
        .unwrap();
    let event = house.event(2).await;
    house.join(&event, &user()).await;
    house
        .until(async || !house.heard("join.counted", &event).is_empty())
        .await;
}

pub(crate) async fn what_cannot_be_read_is_set_aside_and_the_rest_goes_on_msg_3(house: House) {
    for body in ["{", "{}", r#"{"version":1,"payload":{}}"#] {
        house
            .publish_message(Message::raw("event.published", "application/json", body))
            .await;
    }
    house
        .until(async || house.metric("join_service_messages_dead_lettered_total") == 3)
        .await;
    house.event(1).await;
}
