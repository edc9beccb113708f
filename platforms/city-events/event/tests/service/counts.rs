use city_events_contract::messages::{
    JoinCanceled, JoinCounted, JoinCreated, JoinKicked, JoinPromoted, SeatCounts,
};
use seaworthy::messaging::Message;
use uuid::Uuid;

use crate::house::{House, draft, user};

async fn count(house: &House, id: &str) -> i64 {
    let event = house.get(&format!("/events/{id}")).await.1;
    event["data"]["active_participants"].as_i64().unwrap()
}

fn seats(active: i64, revision: i64) -> Option<SeatCounts> {
    Some(SeatCounts {
        active,
        waitlisted: 0,
        revision,
    })
}

pub(crate) async fn a_count_is_taken_from_every_message_once_and_never_back_msg_5(house: House) {
    let owner = user();
    let id = house.published(&owner, &draft("Rust")).await;
    let event_id: Uuid = id.parse().unwrap();
    let user_id = seaworthy::core::new_id();
    let created = |active, revision| JoinCreated {
        event_id,
        user_id,
        status: "active".to_owned(),
        seats: seats(active, revision),
    };
    house.publish(&created(3, 3)).await;
    house.until(async || count(&house, &id).await == 3).await;
    // Earlier ones that come later change nothing.
    house.publish(&created(1, 1)).await;
    let promoted = JoinPromoted {
        event_id,
        user_id,
        reason: String::new(),
        seats: seats(2, 2),
    };
    house.publish(&promoted).await;
    let counted = JoinCounted {
        event_id,
        seats: SeatCounts {
            active: 7,
            waitlisted: 0,
            revision: 9,
        },
    };
    house.publish(&counted).await;
    house.until(async || count(&house, &id).await == 7).await;
    let old = JoinCounted {
        event_id,
        seats: SeatCounts {
            active: 5,
            waitlisted: 0,
            revision: 8,
        },
    };
    house.publish(&old).await;
    let last = house.published(&owner, &draft("Rust")).await;
    let marker = JoinCounted {
        event_id: last.parse().unwrap(),
        seats: SeatCounts {
            active: 1,
            waitlisted: 0,
            revision: 1,
        },
    };
    house.publish(&marker).await;
    house.until(async || count(&house, &last).await == 1).await;
    assert_eq!(count(&house, &id).await, 7);

    house.act("cancel", &id, &owner).await;
    let path = format!("/organizer/events/{id}");
    let canceled = house.call("GET", &path, Some(&owner), None).await.1;
    assert_eq!(canceled["data"]["active_participants"], 0);
}

pub(crate) async fn messages_of_earlier_services_count_one_by_one_msg_5(house: House) {
    let owner = user();
    let id = house.published(&owner, &draft("Rust")).await;
    let event_id: Uuid = id.parse().unwrap();
    let user_id = seaworthy::core::new_id();
    let created = |status: &str| JoinCreated {
        event_id,
        user_id,
        status: status.to_owned(),
        seats: None,
    };
    let canceled = |before: &str| JoinCanceled {
        event_id,
        user_id,
        prev_status: before.to_owned(),
        seats: None,
    };
    let kicked = JoinKicked {
        event_id,
        user_id,
        actor_id: String::new(),
        prev_status: "active".to_owned(),
        reason: String::new(),
        action: String::new(),
        seats: None,
    };
    for status in ["active", "active", "waitlisted"] {
        house.publish(&created(status)).await;
    }
    house.until(async || count(&house, &id).await == 2).await;
    // What comes twice counts once. One after the other, since these have no order and the count does not go below nothing.
    let twice = seaworthy::messaging::MessageId::generate();
    for _ in 0..2 {
        house
            .publish_message(Message::of(&created("active")).id(twice.clone()))
            .await;
    }
    house.until(async || count(&house, &id).await == 3).await;
    house.publish(&canceled("waitlisted")).await;
    house.publish(&kicked).await;
    house.until(async || count(&house, &id).await == 2).await;
    house
        .publish(&JoinPromoted {
            event_id,
            user_id,
            reason: String::new(),
            seats: None,
        })
        .await;
    house.until(async || count(&house, &id).await == 3).await;
    house.publish(&canceled("active")).await;
    house.until(async || count(&house, &id).await == 2).await;
    for _ in 0..5 {
        house.publish(&canceled("active")).await;
    }
    house.until(async || count(&house, &id).await == 0).await;
}
