use city_events_contract::messages::EventUnpublished;

use crate::house::{Announced, House, code, joined, person, user};

pub(crate) async fn a_place_a_waitlist_and_then_the_event_is_full(house: House) {
    let event = house.event(1).await;
    assert_eq!(joined(&house.join(&event, &user()).await), "active");
    for _ in 0..20 {
        assert_eq!(joined(&house.join(&event, &user()).await), "waitlisted");
    }
    let full = house.join(&event, &user()).await;
    assert_eq!(code(&full), (409, "event.full"));
    assert_eq!(house.seats(&event).await, (1, 20));

    let open = house.event(0).await;
    for _ in 0..30 {
        assert_eq!(joined(&house.join(&open, &user()).await), "active");
    }
}

pub(crate) async fn who_gives_a_place_back_lets_the_longest_waiting_in(house: House) {
    let event = house.event(1).await;
    let people = [user(), user(), user(), user()];
    for person in &people {
        house.join(&event, person).await;
    }
    // One who waits and leaves lets nobody in.
    let left = house.leave(&event, &people[1]).await;
    assert_eq!(
        (left.0, left.1["data"]["msg"].as_str()),
        (200, Some("canceled"))
    );
    assert_eq!(house.seats(&event).await, (1, 2));
    house.leave(&event, &people[0]).await;
    let mut now = Vec::new();
    for person in &people {
        now.push(house.status(&event, person).await);
    }
    assert_eq!(now, ["canceled", "canceled", "active", "waitlisted"]);
    assert_eq!(house.seats(&event).await, (1, 1));
    house
        .until(async || house.heard("join.promoted", &event).len() == 1)
        .await;
    let promoted = &house.heard("join.promoted", &event)[0];
    assert_eq!(promoted["user_id"], people[2].id.to_string());
    assert_eq!(promoted["reason"], "slot_freed");
    let canceled = house.heard("join.canceled", &event);
    let before: Vec<_> = canceled
        .iter()
        .map(|told| told["prev_status"].as_str().unwrap())
        .collect();
    assert_eq!(before, ["waitlisted", "active"]);
}

pub(crate) async fn who_joins_again_waits_behind_everybody(house: House) {
    let event = house.event(1).await;
    let (first, second, third) = (user(), user(), user());
    for person in [&first, &second, &third] {
        house.join(&event, person).await;
    }
    house.leave(&event, &second).await;
    assert_eq!(joined(&house.join(&event, &second).await), "waitlisted");
    house.leave(&event, &first).await;
    assert_eq!(house.status(&event, &third).await, "active");
    assert_eq!(house.status(&event, &second).await, "waitlisted");
    let path = "/me/joins";
    let own = house.call("GET", path, &second, None, &[]).await.1;
    let record = &own["data"]["items"][0];
    assert!(
        record.get("canceled_at").is_none(),
        "old marks are cleared: {record}"
    );
    let twice = house.join(&event, &second).await;
    assert_eq!(code(&twice), (409, "state_already_reached"));
}

pub(crate) async fn only_who_may_joins(house: House) {
    let unknown = Announced::of(5);
    let refused = house.join(&unknown, &user()).await;
    assert_eq!(code(&refused), (404, "event.not_found"));

    let event = house.event(5).await;
    let owner = person(event.owner, "user");
    let refused = house.join(&event, &owner).await;
    assert_eq!(code(&refused), (403, "auth.forbidden"));

    let over = Announced {
        end: chrono::Utc::now() - chrono::TimeDelta::minutes(1),
        ..Announced::of(5)
    };
    house.announce(&over).await;
    assert_eq!(
        code(&house.join(&over, &user()).await),
        (410, "event.closed")
    );

    let later = event.later();
    house
        .publish(&EventUnpublished(later.envelope("draft")))
        .await;
    house
        .until(async || code(&house.join(&event, &user()).await) == (410, "event.closed"))
        .await;
    house.announce(&later.later()).await;
    house
        .until(async || house.join(&event, &user()).await.0 == 200)
        .await;
}

pub(crate) async fn a_cancel_of_what_is_over_changes_nothing(house: House) {
    let event = house.event(1).await;
    let (one, stranger) = (user(), user());
    let never = house.leave(&event, &stranger).await;
    assert_eq!(code(&never), (404, "join.not_found"));
    house.join(&event, &one).await;
    for _ in 0..2 {
        assert_eq!(house.leave(&event, &one).await.0, 200);
    }
    assert_eq!(house.seats(&event).await, (0, 0));
    let own = house.call("GET", "/me/joins", &one, None, &[]).await.1;
    let record = &own["data"]["items"][0];
    assert_eq!(record["canceled_reason"], "self_cancel");
    assert_eq!(record["canceled_by"], one.id.to_string());
}

pub(crate) async fn ones_own_joins_are_pages_newest_first(house: House) {
    let one = user();
    let mut events = Vec::new();
    for _ in 0..5 {
        let event = house.event(1).await;
        house.join(&event, &one).await;
        events.push(event.id.to_string());
    }
    events.reverse();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/me/joins?limit=2&cursor={cursor}");
        let page = house.call("GET", &path, &one, None, &[]).await.1;
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
        let page = house.call("GET", &path, &one, None, &[]).await.1;
        page["data"]["items"].as_array().unwrap().len()
    };
    assert_eq!(count("status=active,waitlisted").await, 5);
    assert_eq!(count("status=canceled").await, 0);
    assert_eq!(count("from=2100-01-01T00:00:00Z").await, 0);
    assert_eq!(count("to=2100-01-01T00:00:00Z").await, 5);
    for wrong in ["status=joined", "cursor=x", "from=yesterday"] {
        let path = format!("/me/joins?{wrong}");
        let refused = house.call("GET", &path, &one, None, &[]).await;
        assert_eq!(code(&refused), (400, "request.invalid"), "{wrong}");
    }
    let nobody = house.call("GET", "/me/joins", &user(), None, &[]).await.1;
    assert_eq!(nobody["data"]["items"], serde_json::json!([]));
}

pub(crate) async fn thirty_joins_of_one_person_at_once_are_one(house: House) {
    let event = house.event(1).await;
    let one = user();
    let answers = futures::future::join_all((0..30).map(|_| house.join(&event, &one))).await;
    let won = answers.iter().filter(|answer| answer.0 == 200).count();
    let lost = answers
        .iter()
        .filter(|answer| code(answer) == (409, "state_already_reached"))
        .count();
    assert_eq!((won, lost), (1, 29));
    assert_eq!(house.seats(&event).await, (1, 0));
}
