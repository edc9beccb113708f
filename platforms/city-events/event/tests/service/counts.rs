use city_events_contract::messages::{
    JoinCanceled, JoinCounted, JoinCreated, JoinKicked, JoinPromoted, SeatCounts,
};
use seaworthy::messaging::{Message, MessageId};
use seaworthy_testkit::eventually;
use uuid::Uuid;

use crate::app::{TestApp, draft, user};

async fn count(app: &TestApp, id: &str) -> i64 {
    let event = app.get(&format!("/events/{id}")).await.1;
    event["data"]["active_participants"].as_i64().unwrap()
}

async fn eventually_counts(app: &TestApp, id: &str, expected: i64) {
    eventually(async || count(app, id).await == expected).await;
}

fn seats(active: i64, revision: i64) -> SeatCounts {
    SeatCounts {
        active,
        waitlisted: 0,
        revision,
    }
}

pub(crate) async fn counts_apply_once_and_in_order_of_revision_msg_5(app: TestApp) {
    let owner = user();
    let id = app.create_published(&owner, &draft("Rust")).await;
    let event_id: Uuid = id.parse().unwrap();
    let user_id = seaworthy::core::new_id();
    let created = |active, revision| JoinCreated {
        event_id,
        user_id,
        status: "active".to_owned(),
        seats: Some(seats(active, revision)),
    };
    let counted = |event_id, active, revision| JoinCounted {
        event_id,
        seats: seats(active, revision),
    };
    app.send(&created(3, 3)).await;
    eventually_counts(&app, &id, 3).await;
    // Later messages with earlier revisions change nothing.
    app.send(&created(1, 1)).await;
    let promoted = JoinPromoted {
        event_id,
        user_id,
        reason: String::new(),
        seats: Some(seats(2, 2)),
    };
    app.send(&promoted).await;
    app.send(&counted(event_id, 7, 9)).await;
    eventually_counts(&app, &id, 7).await;
    app.send(&counted(event_id, 5, 8)).await;
    // The count of another event shows that the message before it is processed.
    let last = app.create_published(&owner, &draft("Rust")).await;
    app.send(&counted(last.parse().unwrap(), 1, 1)).await;
    eventually_counts(&app, &last, 1).await;
    assert_eq!(count(&app, &id).await, 7);

    app.transition("cancel", &id, &owner).await;
    let path = format!("/organizer/events/{id}");
    let canceled = app.call("GET", &path, Some(&owner), None).await.1;
    assert_eq!(canceled["data"]["active_participants"], 0);
}

pub(crate) async fn legacy_messages_change_count_by_one_msg_5(app: TestApp) {
    let owner = user();
    let id = app.create_published(&owner, &draft("Rust")).await;
    let event_id: Uuid = id.parse().unwrap();
    let user_id = seaworthy::core::new_id();
    let created = |status: &str| JoinCreated {
        event_id,
        user_id,
        status: status.to_owned(),
        seats: None,
    };
    let canceled = |previous: &str| JoinCanceled {
        event_id,
        user_id,
        prev_status: previous.to_owned(),
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
    let promoted = JoinPromoted {
        event_id,
        user_id,
        reason: String::new(),
        seats: None,
    };
    for status in ["active", "active", "waitlisted"] {
        app.send(&created(status)).await;
    }
    eventually_counts(&app, &id, 2).await;
    // A duplicate counts once. Each step waits, because these messages have no order.
    let duplicate = MessageId::generate();
    for _ in 0..2 {
        let message = Message::from_event(&created("active")).id(duplicate.clone());
        app.send_message(message).await;
    }
    eventually_counts(&app, &id, 3).await;
    app.send(&canceled("waitlisted")).await;
    app.send(&kicked).await;
    eventually_counts(&app, &id, 2).await;
    app.send(&promoted).await;
    eventually_counts(&app, &id, 3).await;
    app.send(&canceled("active")).await;
    eventually_counts(&app, &id, 2).await;
    for _ in 0..5 {
        app.send(&canceled("active")).await;
    }
    eventually_counts(&app, &id, 0).await;
}
