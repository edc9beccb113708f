use seaworthy::{
    data::{
        chrono::{TimeDelta, Utc},
        sql,
    },
    messaging::MessageId,
};
use serde_json::{Value, json};
use tutoring_contract::events::StudentDeallocated;
use uuid::Uuid;

use crate::{
    app::{COURSE, STUDENT, TRAINER, TestApp, allocation, data, student, wait_for},
    doubts::{open, path},
};

pub(crate) async fn allocation_assigns_waiting_doubts_once_msg_5(app: TestApp) {
    let of_course = json!({ "subject": "Loops", "question": "Why?",
        "courseId": Uuid::from_u128(COURSE) });
    let other_course = json!({ "subject": "Loops", "question": "Why?",
        "courseId": Uuid::from_u128(4) });
    let [of_course, other_course] =
        [of_course, other_course].map(|body| data(&app.api("POST", "/doubts", &student(), &body)));
    assert_eq!(of_course["trainerId"], Value::Null);
    // The same message twice, and another message of the same allocation.
    let id = MessageId::generate();
    app.publish_as(allocation(1, TRAINER), &id).await;
    app.publish_as(allocation(1, TRAINER), &id).await;
    app.allocate().await;
    let show = |doubt: &Value| data(&app.api("GET", &path(doubt, ""), &student(), &Value::Null));
    wait_for("the assignment", || {
        (show(&of_course)["trainerId"] == json!(Uuid::from_u128(TRAINER))).then_some(())
    });
    assert_eq!(show(&other_course)["trainerId"], Value::Null);
    // A later notification arrives after all of the assignment.
    let next = open(&app, "And why does this one end?");
    app.wait_for_notifications((TRAINER, &next["id"]), 1);
    assert_eq!(
        app.wait_for_notifications((TRAINER, &of_course["id"]), 1)
            .len(),
        1
    );
    // A cancelled allocation gets no new doubts.
    app.publish(StudentDeallocated {
        allocation_id: Uuid::from_u128(1),
        trainer_id: Uuid::from_u128(TRAINER),
        student_id: Uuid::from_u128(STUDENT),
        course_id: Uuid::from_u128(COURSE),
        reason: "moved away".to_owned(),
        deallocated_at: "2026-03-01T10:00:00Z".parse().unwrap(),
    })
    .await;
    wait_for("the end of the allocation", || {
        let body = json!({ "subject": "Loops", "question": "Why?" });
        let opened = data(&app.api("POST", "/doubts", &student(), &body));
        opened["trainerId"].is_null().then_some(())
    });
}

pub(crate) async fn late_allocation_stays_ended_msg_5(app: TestApp) {
    let waiting = open(&app, "Why does this loop never end?");
    let ended = Uuid::from_u128(7);
    app.publish(StudentDeallocated {
        allocation_id: ended,
        trainer_id: Uuid::from_u128(TRAINER),
        student_id: Uuid::from_u128(STUDENT),
        course_id: Uuid::from_u128(COURSE),
        reason: "moved away".to_owned(),
        deallocated_at: "2026-03-01T10:00:00Z".parse().unwrap(),
    })
    .await;
    let statement = "SELECT COUNT(*) FROM ended_allocations WHERE allocation_id = ?";
    app.wait_for_row(statement, ended).await;
    // The message about the start arrives after that about the end.
    app.publish(allocation(7, TRAINER)).await;
    let statement = "SELECT COUNT(*) FROM contacts WHERE student_id = ?";
    app.wait_for_row(statement, Uuid::from_u128(STUDENT)).await;
    let show = |doubt: &Value| data(&app.api("GET", &path(doubt, ""), &student(), &Value::Null));
    for doubt in [&waiting, &open(&app, "And this one?")] {
        assert_eq!(show(doubt)["trainerId"], Value::Null);
    }
    // Another allocation gets the doubts.
    app.publish(allocation(8, 0x8a)).await;
    wait_for("the assignment", || {
        (show(&waiting)["trainerId"] == json!(Uuid::from_u128(0x8a))).then_some(())
    });
    assert_eq!(
        open(&app, "And the next one?")["trainerId"],
        json!(Uuid::from_u128(0x8a))
    );
}

pub(crate) async fn old_ends_of_allocations_are_deleted_msg_5(app: TestApp) {
    let database = app.database().await;
    for (id, days) in [(7, 31), (8, 29)] {
        sql("INSERT INTO ended_allocations (allocation_id, ended_at) VALUES (?, ?)")
            .bind(Uuid::from_u128(id))
            .bind(Utc::now() - TimeDelta::days(days))
            .execute(&database)
            .await
            .unwrap();
    }
    app.run_worker("purge ended allocations");
    let left: Vec<(Uuid,)> = sql("SELECT allocation_id FROM ended_allocations")
        .fetch_all(&database)
        .await
        .unwrap();
    assert_eq!(left, [(Uuid::from_u128(8),)]);
}
