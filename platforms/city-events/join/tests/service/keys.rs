use chrono::{TimeDelta, Utc};
use seaworthy::data::sql;
use serde_json::json;

use crate::house::{House, code, joined, user};

pub(crate) async fn a_repeat_gets_the_first_answer_api_6(house: House) {
    let event = house.event(1).await;
    let (one, two) = (user(), user());
    for _ in 0..3 {
        assert_eq!(joined(&house.join_with(&event, &one, "a").await), "active");
    }
    assert_eq!(
        joined(&house.join_with(&event, &two, "b").await),
        "waitlisted"
    );
    for _ in 0..2 {
        assert_eq!(house.leave_with(&event, &one, "c").await.0, 200);
    }
    // They have a place now, and the answer is the one of then.
    assert_eq!(house.status(&event, &two).await, "active");
    assert_eq!(
        joined(&house.join_with(&event, &two, "b").await),
        "waitlisted"
    );
    // An old wish that comes again does not join again.
    assert_eq!(joined(&house.join_with(&event, &one, "a").await), "active");
    assert_eq!(house.status(&event, &one).await, "canceled");
    assert_eq!(house.seats(&event).await, (1, 0));
    // Nor does a refusal turn into a place.
    let three = user();
    house.join_with(&event, &two, "d").await;
    let refused = house.join_with(&event, &two, "d").await;
    assert_eq!(code(&refused), (409, "state_already_reached"));
    let at_once = futures::future::join_all((0..10).map(|_| house.join_with(&event, &three, "e")));
    for answer in at_once.await {
        assert_eq!(joined(&answer), "waitlisted");
    }
    assert_eq!(house.seats(&event).await, (1, 1));
}

pub(crate) async fn a_key_is_good_for_one_person_event_and_action_api_6(house: House) {
    let (event, other) = (house.event(5).await, house.event(5).await);
    let one = user();
    let mismatch = (409, "idempotency_key_mismatch");
    house.join_with(&event, &one, "k").await;
    assert_eq!(code(&house.join_with(&event, &user(), "k").await), mismatch);
    assert_eq!(code(&house.join_with(&other, &one, "k").await), mismatch);
    assert_eq!(code(&house.leave_with(&event, &one, "k").await), mismatch);
    let body = json!({ "event_id": event.id });
    for headers in [
        &[][..],
        &[("Idempotency-Key", "")],
        &[("X-Idempotency-Key", " ")],
    ] {
        let missing = house
            .call("POST", "/join", &one, Some(body.clone()), headers)
            .await;
        assert_eq!(code(&missing), (400, "idempotency_key.required"));
    }
    // The header with the X counts more, and any text is a key.
    let long = "k".repeat(2_000);
    let both = [
        ("Idempotency-Key", "k"),
        ("X-Idempotency-Key", long.as_str()),
    ];
    let answer = house
        .call("POST", "/join", &user(), Some(body), &both)
        .await;
    assert_eq!(joined(&answer), "active");
}

pub(crate) async fn a_key_is_forgotten_when_its_time_is_over_api_6(house: House) {
    let event = house.event(5).await;
    house.join_with(&event, &user(), "k").await;
    sql("UPDATE idempotency_keys SET expires_at = ?")
        .bind(Utc::now() - TimeDelta::seconds(1))
        .execute(&house.database)
        .await
        .unwrap();
    assert_eq!(
        joined(&house.join_with(&event, &user(), "k").await),
        "active"
    );
    assert_eq!(house.seats(&event).await, (2, 0));
}

pub(crate) async fn a_cancel_is_repeated_when_its_key_is_forgotten_api_6(house: House) {
    let event = house.event(5).await;
    let one = user();
    house.join(&event, &one).await;
    assert_eq!(house.leave_with(&event, &one, "k").await.0, 200);
    // The join has ended long before the time of the key is over.
    sql("UPDATE joins SET updated_at = ?")
        .bind(Utc::now() - TimeDelta::hours(25))
        .execute(&house.database)
        .await
        .unwrap();
    sql("UPDATE idempotency_keys SET expires_at = ?")
        .bind(Utc::now() - TimeDelta::seconds(1))
        .execute(&house.database)
        .await
        .unwrap();
    for _ in 0..2 {
        let (status, body) = house.leave_with(&event, &one, "k").await;
        assert_eq!(status, 200, "{body}");
    }
    assert_eq!(house.seats(&event).await, (0, 0));
}
