//! The rating and the pay of trainers, from the messages of booking.

use serde_json::{Value, json};
use tutoring_contract::{
    Role,
    events::{
        SessionReviewed, SessionSubstituted, StudentDeallocated, TrainerAllocated, TrainerChanged,
    },
    groups::TRAINER,
};
use uuid::Uuid;

use crate::{
    app::{TestPlatform, assert_error, json_of},
    authorization::{USER, token_of, token_with_role},
    live::Client,
    peer::Peer,
    students::{eventually, send},
};

const OTHER: Uuid = Uuid::from_u128(8);
/// The month of the tests, with 25 days from Monday to Saturday. The first one is a Saturday.
const MONTH: &str = "2025-11";

fn allocated(trainer_id: Uuid, student: u128) -> TrainerAllocated {
    TrainerAllocated {
        allocation_id: Uuid::from_u128(student),
        trainer_id,
        student_id: Uuid::from_u128(student),
        course_id: Uuid::from_u128(1),
        session_count: 30,
        start_date: "2025-10-27".parse().unwrap(),
        end_date: Some("2025-12-06".parse().unwrap()),
        territory: None,
    }
}

/// The messages of one student stay in order.
fn substituted(from: Uuid, to: Uuid) -> SessionSubstituted {
    SessionSubstituted {
        session_id: Uuid::from_u128(0x5e),
        original_trainer_id: from,
        substitute_trainer_id: to,
        student_id: Uuid::from_u128(0x51),
        date: "2025-11-12".parse().unwrap(),
        time_slot: "16:00".to_owned(),
    }
}

pub(crate) async fn payroll_follows_students_and_substitutes_msg_5(app: &TestPlatform) {
    let live = app.student("asha@example.org").access;
    let lifetime = seaworthy::prelude::Timeout::from_secs(600);
    let own = token_with_role(Role::Trainer, &live);
    let other = token_of(OTHER, Role::Trainer, &live, lifetime);
    let peer = Peer::start(app).await;
    let mut client = Client::join(app.gateway, &own).await;
    let path = |trainer: Uuid, what: &str| format!("/trainers/{trainer}/payroll/{what}");
    let month = |token: &str, trainer: Uuid| {
        let path = path(trainer, &format!("monthly?month={MONTH}"));
        json_of(&send(app, token, "GET", &path, &Value::Null))["data"].clone()
    };
    let total = |token: &str, trainer: Uuid, expected: i64| {
        eventually(|| {
            let found = month(token, trainer);
            (found["totalMinor"] == json!(expected)).then_some(found)
        })
    };
    // The deallocation arrives before the allocation. The student leaves before the month.
    peer.publish(StudentDeallocated {
        allocation_id: Uuid::from_u128(0x54),
        trainer_id: USER,
        student_id: Uuid::from_u128(0x54),
        course_id: Uuid::from_u128(1),
        reason: "moved away".to_owned(),
        deallocated_at: "2025-11-01T06:00:00Z".parse().unwrap(),
    })
    .await;
    for student in [0x51, 0x52, 0x53, 0x54] {
        peer.publish(allocated(USER, student)).await;
    }
    // Three students on 25 working days: 9000 rupees, and 25 rupees 75 times.
    let before = total(&own, USER, 900_000 + 75 * 2_500);
    assert_eq!(
        (
            &before["workingDays"],
            &before["studentDays"],
            &before["currency"]
        ),
        (&json!(25), &json!(75), &json!("INR"))
    );
    assert_eq!(
        (&before["month"], &before["trainerId"]),
        (&json!(MONTH), &json!(USER))
    );
    let event = loop {
        let event = client.event_of("PAYROLL_RECALCULATED").await;
        if event["month"] == MONTH {
            break event;
        }
    };
    assert_eq!(
        (
            &event["trainerId"],
            &event["snapshotId"],
            &event["recalculatedBy"]
        ),
        (&json!(USER), &before["snapshotId"], &json!(TRAINER.name()))
    );
    assert!(event["timestamp"].is_i64(), "{event}");

    // The substitute gets the amount of the day, and returns it when the substitution ends.
    peer.publish(substituted(USER, OTHER)).await;
    total(&own, USER, 900_000 + 74 * 2_500);
    let got = total(&other, OTHER, 2_500);
    assert_eq!(
        (&got["baseMinor"], &got["studentDays"]),
        (&json!(0), &json!(1))
    );
    peer.publish(substituted(OTHER, USER)).await;
    let after = total(&own, USER, 900_000 + 75 * 2_500);
    assert_eq!(after["snapshotId"], before["snapshotId"]);
    total(&other, OTHER, 0);

    // A refund moves the end of one student to Saturday, the 15th, and a session that was cancelled
    // moves it back.
    for (end, expected) in [
        ("2025-11-15", 468_000 + 63 * 2_500),
        ("2025-12-08", 900_000 + 75 * 2_500),
    ] {
        let moved = TrainerAllocated {
            end_date: Some(end.parse().unwrap()),
            ..allocated(USER, 0x51)
        };
        peer.publish(moved).await;
        total(&own, USER, expected);
    }

    let get = |token: &str, path: &str| send(app, token, "GET", path, &Value::Null);
    let history = get(&own, &path(USER, "history"));
    let months: Vec<_> = json_of(&history)["data"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["month"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(months, ["2025-12", "2025-11", "2025-10"]);
    let info = json_of(&get(&own, &path(USER, "info")))["data"].clone();
    assert_eq!(
        (
            &info["activeStudents"],
            &info["perStudentDayMinor"],
            &info["slabs"][0]
        ),
        (
            &json!(0),
            &json!(2_500),
            &json!({ "students": 3, "amountMinor": 900_000 })
        )
    );
    assert_eq!(info["currentMonth"]["totalMinor"], 0);
    for invalid in ["2025-13", "2025", "11-2025"] {
        let invalid = get(&own, &path(USER, &format!("monthly?month={invalid}")));
        assert_error(&invalid, 400, "VALIDATION_ERROR");
    }
    assert_error(&get(&other, &path(USER, "history")), 403, "FORBIDDEN");
}

pub(crate) async fn rating_is_the_mean_of_the_students_reviews_msg_5(app: &TestPlatform) {
    let peer = Peer::start(app).await;
    peer.publish(TrainerChanged {
        trainer_id: USER,
        version: 2,
        snapshot: json!({ "approvalStatus": "approved", "fullName": "Ravi Nair" }),
    })
    .await;
    let review = |session: u128, review_type: &str, rating: f64| SessionReviewed {
        session_id: Uuid::from_u128(session),
        trainer_id: USER,
        student_id: Uuid::from_u128(0x51),
        course_id: Uuid::from_u128(1),
        review_type: review_type.to_owned(),
        rating,
    };
    // The trainer's own view of the student does not count.
    peer.publish(review(4, "trainer", 1.0)).await;
    for (session, rating) in [(1, 5.0), (2, 4.5), (3, 4.5)] {
        peer.publish(review(session, "student", rating)).await;
    }
    let card = || send(app, "", "GET", &format!("/trainers/{USER}"), &Value::Null);
    let card = eventually(|| {
        let data = json_of(&card())["data"].clone();
        (data["rating"] == json!(4.7)).then_some(data)
    });
    assert_eq!(card["name"], "Ravi Nair");
}
