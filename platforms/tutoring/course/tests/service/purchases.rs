use std::sync::Arc;

use seaworthy::data::sql;
use seaworthy_testkit::{eventually, http::HttpResponse};
use serde_json::{Value, json};
use tutoring_contract::events::{BusinessEvent, PaymentRefunded, SessionCompleted};
use uuid::Uuid;

use crate::app::{TestApp, data, json_of, service_token, student_token, wait_for};

fn purchase(app: &TestApp, student: Uuid, course: Uuid) -> HttpResponse {
    let path = format!("/students/{student}/courses/{course}/purchase");
    app.get(&path, &student_token(student))
}

fn access(app: &TestApp, student: Uuid, course: Uuid, level: usize) -> Value {
    let session = app.session_of_level(course, level);
    let path = format!("/students/{student}/courses/{course}/access/{session}");
    data(&app.get(&path, &student_token(student)))["canAccess"].clone()
}

pub(crate) async fn hold(app: &TestApp, session: u128, student: Uuid, course: Uuid) {
    let completed = SessionCompleted {
        session_id: Uuid::from_u128(session),
        trainer_id: Uuid::from_u128(0x7a),
        student_id: student,
        course_id: course,
        completed_at: "2026-12-31T18:30:00Z".parse().unwrap(),
        duration: 40,
        scheduled_at: None,
        started_at: None,
    };
    app.publish(&BusinessEvent::new(completed)).await;
}

pub(crate) async fn purchase_is_opened_and_upgraded_once_msg_5(app: TestApp) {
    let (student, course) = (Uuid::from_u128(7), app.course());
    assert_eq!(access(&app, student, course, 0), false);
    assert_eq!(purchase(&app, student, course).status, 404);
    // The same payment three times, in three messages.
    for _ in 0..3 {
        app.pay(1, student, course, 10).await;
    }
    app.wait_for_events("COURSE_ACCESS_GRANTED", student, 1);
    assert_eq!(access(&app, student, course, 0), true);
    assert_eq!(access(&app, student, course, 1), false);
    app.pay(2, student, course, 20).await;
    let granted = app.wait_for_events("COURSE_ACCESS_GRANTED", student, 2);
    assert_eq!(granted["purchaseTier"], 30);
    assert_eq!(granted["metadata"]["groupSize"], 1);
    assert_eq!(app.events_of("PURCHASE_CREATED", student).len(), 2);
    assert_eq!(access(&app, student, course, 2), true);
    let bought = data(&purchase(&app, student, course));
    assert_eq!(
        (&bought["purchaseTier"], &bought["isActive"]),
        (&json!(30), &json!(true))
    );

    // Another service opens and upgrades a purchase.
    let other = Uuid::from_u128(8);
    let body = json!({ "studentId": other, "courseId": course, "purchaseTier": 10 });
    let created = app.call("POST", "/purchases", &service_token(), &body);
    // The booking service counts the payments of a purchase.
    let granted = app.wait_for_events("COURSE_ACCESS_GRANTED", other, 1);
    assert!(granted["metadata"]["paymentId"].is_string());
    assert_eq!(granted["metadata"]["sessionCount"], 10);
    let id = data(&created)["id"].as_str().unwrap().to_owned();
    let conflict = |answer: HttpResponse| {
        assert_eq!(answer.status, 409, "{}", answer.body);
        json_of(&answer)["message"].clone()
    };
    let again = app.call("POST", "/purchases", &service_token(), &body);
    let message = "the student has an active purchase of this course: upgrade it instead";
    assert_eq!(conflict(again), message);
    let path = format!("/purchases/{id}/upgrade");
    let upgrade = |tier: u8| {
        let body = json!({ "purchaseTier": tier });
        app.call("POST", &path, &service_token(), &body)
    };
    assert_eq!(data(&upgrade(20))["purchaseTier"], 20);
    assert_eq!(data(&upgrade(20))["purchaseTier"], 20);
    let message = "an upgrade cannot reduce the number of sessions";
    assert_eq!(conflict(upgrade(10)), message);
    assert_eq!(upgrade(15).status, 400);
}

pub(crate) async fn refund_closes_the_purchase_msg_5(app: TestApp) {
    let (student, course) = (Uuid::from_u128(7), app.course());
    app.pay(1, student, course, 10).await;
    app.pay(2, student, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", student, 2);
    let refund = async |payment| {
        let refunded = PaymentRefunded {
            payment_id: Uuid::from_u128(payment),
            student_id: student,
            course_id: course,
            amount_cents: 354_000,
        };
        app.publish(&BusinessEvent::new(refunded)).await;
    };
    refund(2).await;
    refund(2).await;
    wait_for("the refund", || {
        (data(&purchase(&app, student, course))["purchaseTier"] == 10).then_some(())
    });
    assert_eq!(access(&app, student, course, 0), true);
    refund(1).await;
    wait_for("the end", || {
        (purchase(&app, student, course).status == 404).then_some(())
    });
    assert_eq!(access(&app, student, course, 0), false);
    // A refund that arrives before its purchase: the purchase opens nothing.
    refund(4).await;
    let other = Uuid::from_u128(8);
    app.pay(5, other, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", other, 1);
    // Refunds of one key stay in order.
    refund(5).await;
    wait_for("the refunds", || {
        (purchase(&app, other, course).status == 404).then_some(())
    });
    app.pay(4, student, course, 30).await;
    // A new purchase begins again.
    app.pay(3, student, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", student, 3);
    assert_eq!(data(&purchase(&app, student, course))["purchaseTier"], 10);
}

pub(crate) async fn held_sessions_count_once_and_complete_msg_5(app: TestApp) {
    let (student, course) = (Uuid::from_u128(7), app.course());
    app.pay(1, student, course, 30).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", student, 1);
    for _ in 0..3 {
        hold(&app, 1, student, course).await;
    }
    let progress = app.wait_for_events("COURSE_PROGRESS_UPDATED", student, 1);
    assert_eq!(
        (&progress["completedSessions"], &progress["percentage"]),
        (&json!(1), &json!(3))
    );
    for session in 2..=30 {
        hold(&app, session, student, course).await;
    }
    let completed = app.wait_for_events("COURSE_COMPLETED", student, 1);
    assert_eq!(completed["completedSessions"], 30);
    // Midnight in India.
    assert_eq!(completed["completionDate"], "2027-01-01");
    let certificate = app.wait_for_events("CERTIFICATE_ISSUED", student, 1);
    let url = certificate["certificateUrl"].as_str().unwrap();
    assert!(
        url.starts_with("https://app.example.org/certificates/"),
        "{url}"
    );
    let progress = app.wait_for_events("COURSE_PROGRESS_UPDATED", student, 30);
    assert_eq!(progress["percentage"], 100);
    assert_eq!(app.events_of("COURSE_PROGRESS_UPDATED", student).len(), 30);
    assert_eq!(app.events_of("CERTIFICATE_ISSUED", student).len(), 1);
    let path = format!("/students/{student}/courses/{course}/progress");
    let progress = data(&app.get(&path, &student_token(student)));
    assert_eq!(progress["completedSessions"], 30);
}

/// No session is held after the refund that would complete the course.
pub(crate) async fn refund_of_the_rest_completes_the_course_msg_5(app: TestApp) {
    let (student, course) = (Uuid::from_u128(7), app.course());
    let refund = async |payment| {
        let refunded = PaymentRefunded {
            payment_id: Uuid::from_u128(payment),
            student_id: student,
            course_id: course,
            amount_cents: 354_000,
        };
        app.publish(&BusinessEvent::new(refunded)).await;
    };
    app.pay(1, student, course, 10).await;
    app.pay(2, student, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", student, 2);
    for session in 1..=10 {
        hold(&app, session, student, course).await;
    }
    app.wait_for_events("COURSE_PROGRESS_UPDATED", student, 10);
    assert!(app.events_of("COURSE_COMPLETED", student).is_empty());
    refund(2).await;
    let completed = app.wait_for_events("COURSE_COMPLETED", student, 1);
    assert_eq!(
        (&completed["completedSessions"], &completed["totalSessions"]),
        (&json!(10), &json!(10))
    );
    // A further session changes nothing, and more bought sessions do.
    hold(&app, 11, student, course).await;
    app.wait_for_events("COURSE_PROGRESS_UPDATED", student, 11);
    assert_eq!(app.events_of("COURSE_COMPLETED", student).len(), 1);
    app.pay(3, student, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", student, 3);
    for session in 12..=20 {
        hold(&app, session, student, course).await;
    }
    app.wait_for_events("COURSE_COMPLETED", student, 2);
    // The refund of a complete course keeps it complete.
    refund(3).await;
    wait_for("the refund", || {
        (data(&purchase(&app, student, course))["purchaseTier"] == 10).then_some(())
    });
    hold(&app, 21, student, course).await;
    app.wait_for_events("COURSE_PROGRESS_UPDATED", student, 21);
    assert_eq!(app.events_of("COURSE_COMPLETED", student).len(), 2);
    app.check_invariants();
}

pub(crate) async fn purchase_beyond_thirty_is_a_dead_letter_msg_2(app: TestApp) {
    let (student, course) = (Uuid::from_u128(7), app.course());
    app.pay(1, student, course, 30).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", student, 1);
    app.pay(2, student, course, 10).await;
    app.pay(3, student, course, 15).await;
    app.pay(4, student, Uuid::from_u128(1), 10).await;
    // The next message proceeds.
    let other = Uuid::from_u128(8);
    app.pay(5, other, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", other, 1);
    assert_eq!(data(&purchase(&app, student, course))["purchaseTier"], 30);
    wait_for("the dead letters", || {
        let letters = app.dead_letters();
        (letters.matches("purchase-confirmed").count() >= 3).then_some(())
    });
}

/// Kafka has no order between the topics of payments and of refunds.
pub(crate) async fn late_refund_makes_room_for_a_purchase_msg_5(app: TestApp) {
    let (student, course) = (Uuid::from_u128(7), app.course());
    app.pay(1, student, course, 30).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", student, 1);
    app.pay(2, student, course, 10).await;
    // The first try of the purchase comes before another purchase.
    let other = Uuid::from_u128(8);
    app.pay(3, other, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", other, 1);
    let refunded = PaymentRefunded {
        payment_id: Uuid::from_u128(1),
        student_id: student,
        course_id: course,
        amount_cents: 1_062_000,
    };
    app.publish_with_key(&BusinessEvent::new(refunded), "another partition")
        .await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", student, 2);
    assert_eq!(data(&purchase(&app, student, course))["purchaseTier"], 10);
    app.check_invariants();
}

/// A payment holds the lock of the course while an upgrade of the same purchase begins. An upgrade
/// that locked the purchase first would deadlock with the payment.
pub(crate) async fn upgrade_locks_the_course_first(app: TestApp) {
    let app = Arc::new(app);
    let (student, course) = (Uuid::from_u128(7), app.course());
    app.pay(1, student, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", student, 1);
    let bought = data(&purchase(&app, student, course));
    let id: Uuid = bought["id"].as_str().unwrap().parse().unwrap();
    let database = app.database().await;
    let tx = database.begin().await.unwrap();
    sql("SELECT id FROM courses WHERE id = ? FOR UPDATE")
        .bind(course)
        .fetch_one::<(Uuid,)>(&tx)
        .await
        .unwrap();
    let caller = Arc::clone(&app);
    let upgrade = std::thread::spawn(move || {
        let (path, body) = (
            format!("/purchases/{id}/upgrade"),
            json!({ "purchaseTier": 20 }),
        );
        caller.call("POST", &path, &service_token(), &body)
    });
    eventually(async || app.empty.blocked_statements("") > 0).await;
    let free = sql("SELECT id FROM purchases WHERE id = ? FOR UPDATE SKIP LOCKED")
        .bind(id)
        .fetch_optional::<(Uuid,)>(&tx)
        .await
        .unwrap();
    assert_eq!(free, Some((id,)), "the upgrade has locked the purchase");
    tx.commit().await.unwrap();
    let upgraded = upgrade.join().unwrap();
    assert_eq!(data(&upgraded)["purchaseTier"], 20);
}
