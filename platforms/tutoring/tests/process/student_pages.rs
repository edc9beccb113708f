//! The pages of students after messages that arrive in any order.

use serde_json::{Value, json};
use tutoring_contract::events::{
    AllocationRejected, CourseAccessGranted, CourseProgressUpdated, PaymentRefunded,
    SessionCompleted, SessionsGenerated, StudentDeallocated, TrainerAllocated, TrainerChanged,
};
use uuid::Uuid;

use crate::{
    app::{TestPlatform, json_of},
    authorization::USER,
    peer::Peer,
    students::{eventually, send},
};

pub(crate) async fn pages_follow_messages_in_any_order_msg_5(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    let own = app.call(&session.access, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let (student_id, course_id) = (id.parse().unwrap(), Uuid::from_u128(0xc0));
    let get = |path: &str| {
        let answer = send(
            app,
            &session.access,
            "GET",
            &format!("/students/{id}{path}"),
            &Value::Null,
        );
        json_of(&answer)["data"].clone()
    };
    assert_eq!(get("/learning")["courses"], json!([]));
    let peer = Peer::start(app).await;
    let (allocation_id, sessions) = (Uuid::from_u128(1), [2, 3].map(Uuid::from_u128));
    peer.publish(TrainerChanged {
        trainer_id: USER,
        version: 1,
        snapshot: json!({ "fullName": "Ravi Nair", "approvalStatus": "approved" }),
    })
    .await;
    // A session ends before the message with all sessions arrives.
    peer.publish(SessionCompleted {
        session_id: sessions[0],
        trainer_id: USER,
        student_id,
        course_id,
        completed_at: "2026-12-01T10:40:00Z".parse().unwrap(),
        duration: 40,
        scheduled_at: None,
        started_at: None,
    })
    .await;
    peer.publish(SessionsGenerated {
        allocation_id,
        trainer_id: USER,
        student_id,
        course_id,
        session_count: 2,
        session_ids: sessions.into(),
        start_date: "2026-12-01".parse().unwrap(),
    })
    .await;
    peer.publish(CourseAccessGranted {
        purchase_id: Uuid::from_u128(9),
        student_id,
        course_id,
        purchase_tier: 10,
        metadata: json!({ "classType": "ONE_ON_ONE", "deliveryMode": "WEEKDAY_DAILY" }),
    })
    .await;
    peer.publish(TrainerAllocated {
        allocation_id,
        trainer_id: USER,
        student_id,
        course_id,
        session_count: 2,
        start_date: "2026-12-01".parse().unwrap(),
        end_date: None,
        territory: None,
    })
    .await;
    peer.publish(CourseProgressUpdated {
        student_id,
        course_id,
        completed_sessions: 1,
        total_sessions: 10,
        percentage: 10,
        last_completed_at: None,
    })
    .await;
    let state = || get(&format!("/courses/{course_id}/state"));
    let expected = json!({
        "courseId": course_id, "purchaseStatus": "READY", "trainerStatus": "ASSIGNED",
        "sessionsStatus": "READY", "progressVersion": 1,
    });
    eventually(|| (state() == expected).then_some(Value::Null));
    let learning = eventually(|| {
        let course = get("/learning")["courses"][0].clone();
        let is_complete = course["allocation"]["trainerName"] == "Ravi Nair"
            && course["sessions"]
                .as_array()
                .is_some_and(|all| all.len() == 2);
        is_complete.then_some(course)
    });
    let allocation = &learning["allocation"];
    assert_eq!(
        (
            &allocation["classType"],
            &learning["progress"]["percentage"]
        ),
        (&json!("ONE_ON_ONE"), &json!(10))
    );
    assert_eq!(allocation["status"], "active");
    let statuses = [0, 1].map(|index: usize| learning["sessions"][index]["status"].clone());
    assert_eq!(statuses, [json!("completed"), json!("scheduled")]);
    assert_eq!(get("/progress")["courses"][0]["completedSessions"], 1);
    // A message about the trainer changes a page that was read before.
    peer.publish(TrainerChanged {
        trainer_id: USER,
        version: 2,
        snapshot: json!({ "fullName": "Ravi Menon" }),
    })
    .await;
    eventually(|| {
        let name = get("/learning")["courses"][0]["allocation"]["trainerName"].clone();
        (name == "Ravi Menon").then_some(name)
    });

    peer.publish(StudentDeallocated {
        allocation_id,
        trainer_id: USER,
        student_id,
        course_id,
        reason: "moved away".to_owned(),
        deallocated_at: "2026-12-02T10:00:00Z".parse().unwrap(),
    })
    .await;
    eventually(|| (state()["trainerStatus"] == "NOT_ASSIGNED").then_some(Value::Null));
}

pub(crate) async fn older_messages_change_no_page_msg_5(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    let own = app.call(&session.access, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let (student_id, course_id) = (id.parse().unwrap(), Uuid::from_u128(0xc0));
    let peer = Peer::start(app).await;
    let (old, new) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let allocated = |allocation_id, trainer: u128| TrainerAllocated {
        allocation_id,
        trainer_id: Uuid::from_u128(trainer),
        student_id,
        course_id,
        session_count: 10,
        start_date: "2026-12-01".parse().unwrap(),
        end_date: None,
        territory: None,
    };
    let course = || {
        let path = format!("/students/{id}/learning");
        let learning = send(app, &session.access, "GET", &path, &Value::Null);
        json_of(&learning)["data"]["courses"][0].clone()
    };
    let state = || {
        let path = format!("/students/{id}/courses/{course_id}/state");
        json_of(&send(app, &session.access, "GET", &path, &Value::Null))["data"].clone()
    };
    let ended = StudentDeallocated {
        allocation_id: old,
        trainer_id: USER,
        student_id,
        course_id,
        reason: "moved away".to_owned(),
        deallocated_at: "2026-12-02T10:00:00Z".parse().unwrap(),
    };
    peer.publish(ended).await;
    eventually(|| (course()["allocation"]["status"] == "cancelled").then_some(Value::Null));
    // The sessions and the start of the ended allocation arrive later.
    peer.publish(SessionsGenerated {
        allocation_id: old,
        trainer_id: USER,
        student_id,
        course_id,
        session_count: 1,
        session_ids: vec![Uuid::from_u128(3)],
        start_date: "2026-12-01".parse().unwrap(),
    })
    .await;
    eventually(|| course()["sessions"].get(0).cloned());
    assert_eq!(state()["sessionsStatus"], "PENDING");
    peer.publish(allocated(new, 0x8a)).await;
    peer.publish_late(allocated(old, 0x7a), 60_000).await;
    // The next message of the topic shows that both have arrived.
    let mut last = allocated(Uuid::from_u128(4), 0x7a);
    last.course_id = Uuid::from_u128(0xff);
    peer.publish(last).await;
    let other = Uuid::from_u128(0xff);
    let path = format!("/students/{id}/courses/{other}/state");
    eventually(|| {
        let state = json_of(&send(app, &session.access, "GET", &path, &Value::Null));
        (state["data"]["trainerStatus"] == "ASSIGNED").then_some(Value::Null)
    });
    assert_eq!(course()["allocation"]["id"], json!(new));
    assert_eq!(state()["trainerStatus"], "ASSIGNED");
}

pub(crate) async fn rejected_allocation_is_a_failed_trainer_msg_5(app: &TestPlatform) {
    let token = app.student("asha@example.org").access;
    let own = app.call(&token, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let (student_id, course_id) = (id.parse().unwrap(), Uuid::from_u128(0xc0));
    let status = format!("/students/{id}/courses/{course_id}/state");
    let status = || {
        let state = json_of(&send(app, &token, "GET", &status, &Value::Null));
        state["data"]["trainerStatus"].clone()
    };
    let wait = |expected: &str| eventually(|| (status() == expected).then_some(Value::Null));
    assert_eq!(status(), "NOT_ASSIGNED");
    let peer = Peer::start(app).await;
    peer.publish(AllocationRejected {
        allocation_id: Uuid::from_u128(1),
        student_id,
        course_id,
        reason: "no trainer lives there".to_owned(),
    })
    .await;
    wait("FAILED");
    // An administrator creates another allocation.
    peer.publish(TrainerAllocated {
        allocation_id: Uuid::from_u128(2),
        trainer_id: USER,
        student_id,
        course_id,
        session_count: 10,
        start_date: "2026-12-01".parse().unwrap(),
        end_date: None,
        territory: None,
    })
    .await;
    wait("ASSIGNED");
}

pub(crate) async fn refund_closes_a_course_in_any_order_msg_5(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    let own = app.call(&session.access, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let (student_id, course_id) = (id.parse().unwrap(), Uuid::from_u128(0xc0));
    let peer = Peer::start(app).await;
    let granted = |payment: u128, tier: u8| CourseAccessGranted {
        purchase_id: Uuid::from_u128(9),
        student_id,
        course_id,
        purchase_tier: tier,
        metadata: json!({ "paymentId": Uuid::from_u128(payment), "sessionCount": 10 }),
    };
    let refunded = |payment: u128| PaymentRefunded {
        payment_id: Uuid::from_u128(payment),
        student_id,
        course_id,
        amount_cents: 300_000,
    };
    let wait = |sessions: u64, status: &str| {
        eventually(|| {
            let progress = format!("/students/{id}/progress");
            let progress = json_of(&send(app, &session.access, "GET", &progress, &Value::Null));
            let total = progress["data"]["courses"][0]["totalSessions"].clone();
            let path = format!("/students/{id}/courses/{course_id}/state");
            let state = json_of(&send(app, &session.access, "GET", &path, &Value::Null));
            let is_shown = total == sessions && state["data"]["purchaseStatus"] == status;
            is_shown.then_some(Value::Null)
        });
    };
    peer.publish(granted(1, 10)).await;
    wait(10, "READY");
    // A refund arrives before the upgrade that it refunds.
    peer.publish(refunded(2)).await;
    peer.publish(granted(2, 20)).await;
    peer.publish(granted(3, 20)).await;
    wait(20, "READY");
    peer.publish(refunded(3)).await;
    wait(10, "READY");
    peer.publish(refunded(1)).await;
    wait(0, "PROCESSING");
    let learning = format!("/students/{id}/learning");
    let learning = json_of(&send(app, &session.access, "GET", &learning, &Value::Null));
    assert_eq!(learning["data"]["courses"][0]["purchase"], Value::Null);
    let home = format!("/students/{id}/home");
    let home = json_of(&send(app, &session.access, "GET", &home, &Value::Null));
    assert_eq!(home["data"]["activeCourses"], json!([]));
}
