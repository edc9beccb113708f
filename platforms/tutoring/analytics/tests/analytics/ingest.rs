use seaworthy::messaging::{MessageId, Topic};
use serde_json::{Value, json};
use tutoring_contract::{
    Role,
    events::{
        BusinessEvent, CertificateIssued, CourseCompleted, KINDS, NotificationRequested,
        PayrollRecalculated, SessionCompleted,
    },
};
use uuid::Uuid;

use crate::app::{COURSE, STUDENT, TRAINER, TestApp, wait_for};

fn completed(session: u128) -> BusinessEvent<SessionCompleted> {
    BusinessEvent::new(SessionCompleted {
        session_id: Uuid::from_u128(session),
        trainer_id: Uuid::from_u128(TRAINER),
        student_id: Uuid::from_u128(STUDENT),
        course_id: Uuid::from_u128(COURSE),
        completed_at: "2026-03-01T10:00:00Z".parse().unwrap(),
        duration: 40,
        scheduled_at: None,
        started_at: None,
    })
}

pub(crate) async fn every_business_topic_is_stored_once_msg_5(app: TestApp) {
    let timestamp = BusinessEvent::new(completed(1).data).timestamp;
    for (kind, topic) in KINDS {
        let body = json!({ "type": kind, "timestamp": timestamp,
            "studentId": Uuid::from_u128(STUDENT), "courseId": Uuid::from_u128(COURSE) });
        app.publish_raw(topic, &body.to_string()).await;
    }
    for (kind, _) in KINDS {
        let stored = app.wait_for_events(&format!("eventType={kind}"), 1);
        assert_eq!(
            (&stored[0]["userId"], &stored[0]["courseId"]),
            (
                &json!(Uuid::from_u128(STUDENT)),
                &json!(Uuid::from_u128(COURSE))
            )
        );
    }
    // The same message three times, and another one.
    let id = MessageId::generate();
    for _ in 0..3 {
        app.publish_as(&completed(2), &id).await;
    }
    app.publish(&completed(3)).await;
    let sessions = || {
        let found = app.wait_for_events("eventType=SESSION_COMPLETED", 3);
        let ids = found
            .iter()
            .map(|event| event["metadata"]["sessionId"].clone());
        ids.collect::<Vec<_>>()
    };
    wait_for("the last message", || {
        sessions()
            .contains(&json!(Uuid::from_u128(3)))
            .then_some(())
    });
    assert_eq!(sessions().len(), 3, "{:?}", sessions());
}

pub(crate) async fn texts_and_codes_are_not_stored_sec_5(app: TestApp) {
    let user = Uuid::from_u128(STUDENT);
    let requested = NotificationRequested {
        recipient_id: user,
        notification_type: "course".to_owned(),
        title: "Your code".to_owned(),
        body: "Read 123456 to your trainer".to_owned(),
        data: Some(json!({ "otp": "123456" })),
    };
    app.publish(&BusinessEvent::new(requested).by(user, Role::Student))
        .await;
    let stored = app.wait_for_events("eventType=NOTIFICATION_REQUESTED", 1);
    assert_eq!(
        stored[0]["metadata"],
        json!({ "recipientId": user, "userId": user, "role": "student", "notificationType": "course" })
    );
    app.publish(&BusinessEvent::new(CertificateIssued {
        certificate_id: Uuid::from_u128(5),
        student_id: user,
        course_id: Uuid::from_u128(COURSE),
        issued_at: "2026-03-01T10:00:00Z".parse().unwrap(),
        certificate_url: "https://files.example.org/secret".to_owned(),
    }))
    .await;
    let stored = app.wait_for_events("eventType=CERTIFICATE_ISSUED", 1);
    assert!(!stored[0].to_string().contains("secret"), "{stored:?}");
    // An event of a trainer belongs to the trainer.
    app.publish(&BusinessEvent::new(PayrollRecalculated {
        trainer_id: Uuid::from_u128(TRAINER),
        month: "2026-03".to_owned(),
        snapshot_id: Uuid::from_u128(6),
        recalculated_by: "worker".to_owned(),
    }))
    .await;
    let query = format!("userId={}", Uuid::from_u128(TRAINER));
    let stored = app.wait_for_events(&query, 1);
    assert_eq!(stored[0]["eventType"], "PAYROLL_RECALCULATED");
}

pub(crate) async fn messages_that_are_not_events_are_dead_letters_msg_6(app: TestApp) {
    app.publish_raw("course-completed", "not JSON").await;
    let topic: Topic = Topic::new("course-completed").unwrap();
    seaworthy_testkit::eventually(async || {
        let letters = app.peer.dead_letters.list(&topic, None, 10).await.unwrap();
        letters.len() == 1
    })
    .await;
    // The next message proceeds.
    app.publish(&BusinessEvent::new(CourseCompleted {
        course_id: Uuid::from_u128(COURSE),
        student_id: Uuid::from_u128(STUDENT),
        completion_date: "2026-03-01".parse().unwrap(),
        total_sessions: 30,
        completed_sessions: 30,
    }))
    .await;
    let stored = app.wait_for_events("eventType=COURSE_COMPLETED", 1);
    assert_eq!(stored[0]["metadata"]["totalSessions"], Value::from(30));
}
