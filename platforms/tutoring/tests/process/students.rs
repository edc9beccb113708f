//! Profiles of students, and what their pages show.

use std::time::{Duration, Instant};

use seaworthy::{data::sql, prelude::Secret};
use seaworthy_testkit::http::{HttpResponse, request};
use serde_json::{Value, json};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};

use tutoring_contract::{
    ServiceTokenConfig, ServiceTokens,
    events::{
        AllocationRejected, CourseAccessGranted, CourseProgressUpdated, PaymentRefunded,
        SessionCompleted, SessionsGenerated, StudentDeallocated, TrainerAllocated, TrainerChanged,
    },
};
use uuid::Uuid;

use crate::{
    app::{SERVICE_SECRET, TestPlatform, assert_error, json_of, tokens},
    authorization::USER,
    peer::Peer,
};

const TIMEOUT: Duration = Duration::from_secs(60);

/// Sends a request of a user.
pub(crate) fn send(
    app: &TestPlatform,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> HttpResponse {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-client-type", "mobile"),
    ];
    let headers = if token.is_empty() {
        &headers[1..]
    } else {
        &headers
    };
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    app.send(method, &format!("/api/v1{path}"), headers, &body)
}

/// Waits until a response has a value.
pub(crate) fn eventually(find: impl Fn() -> Option<Value>) -> Value {
    let started = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(started.elapsed() < TIMEOUT, "the message had no effect");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) async fn profile_follows_the_account_msg_5(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    let own = app.call(&session.access, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let call = |method: &str, path: &str, body: &Value| {
        send(
            app,
            &session.access,
            method,
            &format!("/students/{id}{path}"),
            body,
        )
    };
    // The message about the verified account arrives.
    eventually(|| {
        let shown = json_of(&call("GET", "", &Value::Null));
        (shown["data"]["status"] == "verified").then_some(shown)
    });
    let home = json_of(&call("GET", "/home", &Value::Null));
    assert_eq!(home["data"]["activeCourses"], json!([]));
    let changed = call(
        "PUT",
        "/profile",
        &json!({ "fullName": "Asha Menon", "age": 14 }),
    );
    assert_eq!(changed.status, 200, "{}", changed.body);
    let changed = call("PUT", "/profile", &json!({ "goals": "algebra" }));
    let data = &json_of(&changed)["data"];
    assert_eq!(
        (&data["fullName"], &data["age"]),
        (&json!("Asha Menon"), &json!(14))
    );
    // The cached page does not survive the change.
    let home = json_of(&call("GET", "/home", &Value::Null));
    assert_eq!(home["data"]["student"]["goals"], "algebra");
    assert_error(
        &call("PUT", "/profile", &json!({ "age": 4 })),
        400,
        "VALIDATION_ERROR",
    );

    let state = json_of(&call("GET", &format!("/courses/{id}/state"), &Value::Null));
    let data = &state["data"];
    assert_eq!(
        (
            &data["purchaseStatus"],
            &data["trainerStatus"],
            &data["sessionsStatus"]
        ),
        (
            &json!("PROCESSING"),
            &json!("NOT_ASSIGNED"),
            &json!("PENDING")
        )
    );
    assert_error(&call("PUT", "/progress", &json!({})), 410, "GONE");
    let ticket = json!({
        "issueType": "payment", "subject": "Paid twice", "email": "asha@example.org",
        "description": "I paid twice for one course.", "priority": "high",
    });
    assert_eq!(call("POST", "/support-tickets", &ticket).status, 201);
    // PostgreSQL does not store this character.
    let mut unstorable = ticket.clone();
    unstorable["subject"] = json!("Paid\u{0}twice");
    let refused = json_of(&call("POST", "/support-tickets", &unstorable));
    assert_eq!(refused["errors"][0]["field"], "subject");
    let profile = json!({ "goals": "a\u{0}b", "extra": { "a": ["b\u{0}"] } });
    let refused = json_of(&call("PUT", "/profile", &profile));
    let fields: Vec<_> = refused["errors"].as_array().unwrap().iter().collect();
    let fields: Vec<_> = fields.iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["goals", "extra"]);
    let check =
        || json_of(&call("GET", "/claim-deal/check", &Value::Null))["data"]["canClaim"].clone();
    assert_eq!(check(), true);
    assert_eq!(call("POST", "/claim-deal", &Value::Null).status, 200);
    assert_eq!(check(), false);
    assert_error(&call("POST", "/claim-deal", &Value::Null), 409, "CONFLICT");
    let code =
        || json_of(&call("GET", "/referral-code", &Value::Null))["data"]["referralCode"].clone();
    assert_eq!((code().as_str().unwrap().len(), code()), (8, code()));
}

pub(crate) async fn admin_lists_and_reads_students_auth_5(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    let own = app.call(&session.access, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let other = tokens(&app.post("/email/verify", &{
        let body = json!({ "email": "ravi@example.org", "password": crate::app::PASSWORD });
        assert_eq!(app.post("/register", &body).status, 201);
        json!({ "email": "ravi@example.org", "otp": app.mailed_code("ravi@example.org", 1) })
    }));
    let log_in = json!({ "email": SEED_EMAIL, "password": SEED_PASSWORD });
    let root = tokens(&send(app, "", "POST", "/admin/auth/login", &log_in)).access;
    let profile = json!({ "fullName": "Asha 100% Menon" });
    let path = format!("/students/{id}/profile");
    assert_eq!(
        send(app, &session.access, "PUT", &path, &profile).status,
        200
    );
    assert_error(
        &send(app, &other.access, "PUT", &path, &profile),
        403,
        "FORBIDDEN",
    );
    assert_eq!(send(app, &root, "GET", &path, &Value::Null).status, 200);
    // A super admin has each permission that a route names.
    assert_eq!(send(app, &root, "PUT", &path, &profile).status, 200);
    let database = app.database("student").await;
    let entries: Vec<(String, String)> = sql("SELECT action, details FROM audit_log")
        .fetch_all(&database)
        .await
        .unwrap();
    // The change by the student has no entry.
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0].0, "student.profile");
    assert!(entries[0].1.contains("student:write"), "{entries:?}");
    // Long members leave their names in the entry.
    let long = json!({ "extra": { "text": "x".repeat(4_000) }, "interests": "y".repeat(4_000) });
    for _ in 0..2 {
        assert_eq!(send(app, &root, "PUT", &path, &long).status, 200);
    }
    let total = |search: &str| {
        let path = format!("/students?search={search}&status=verified&limit=1");
        let listed = send(app, &root, "GET", &path, &Value::Null);
        json_of(&listed)["data"]["pagination"]["total"].clone()
    };
    eventually(|| (total("") == 2).then(|| json!(2)));
    assert_eq!(
        (total("MENON"), total("100%25"), total("1_0"), total("%00")),
        (json!(1), json!(1), json!(0), json!(2))
    );
    // A disabled student who is not verified is among the disabled ones.
    let disabled = sql(
        "UPDATE students SET is_disabled = ?, is_verified = ? WHERE search_text LIKE '%menon%'",
    )
    .bind(true)
    .bind(false);
    disabled.execute(&database).await.unwrap();
    let listed = send(app, &root, "GET", "/students?status=disabled", &Value::Null);
    assert_eq!(json_of(&listed)["data"]["items"][0]["id"], json!(id));
    let invalid = send(
        app,
        &root,
        "GET",
        "/students?page=0&limit=101",
        &Value::Null,
    );
    assert_eq!(json_of(&invalid)["errors"].as_array().unwrap().len(), 2);
}

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

pub(crate) async fn referral_rewards_once_after_a_course_msg_5(app: &TestPlatform) {
    let log_in = |email: &str| {
        let token = app.student(email).access;
        let own = app.call(&token, "GET", "/profile", &Value::Null);
        let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
        (token, id)
    };
    let (asha, ravi) = (log_in("asha@example.org"), log_in("ravi@example.org"));
    let (mira, tara) = (log_in("mira@example.org"), log_in("tara@example.org"));
    let call = |(token, id): &(String, String), method: &str, path: &str, body: &Value| {
        send(app, token, method, &format!("/students/{id}{path}"), body)
    };
    let code = json_of(&call(&asha, "GET", "/referral-code", &Value::Null));
    let code = json!({ "referralCode": code["data"]["referralCode"] });
    let redeem = |who, body: &Value| call(who, "POST", "/referral-code/redeem", body);
    for (body, status) in [
        (json!({}), 400),
        (json!({ "referralCode": "not a code" }), 400),
        (json!({ "referralCode": "AAAAAAAA" }), 404),
    ] {
        assert_eq!(redeem(&ravi, &body).status, status, "{body}");
    }
    assert_error(&redeem(&asha, &code), 400, "VALIDATION_ERROR");
    assert_eq!(redeem(&ravi, &code).status, 201);
    assert_error(&redeem(&ravi, &code), 409, "CONFLICT");
    let stats = || json_of(&call(&asha, "GET", "/referral-stats", &Value::Null))["data"].clone();
    assert_eq!(
        (&stats()["totalReferrals"], &stats()["rewardedReferrals"]),
        (&json!(1), &json!(0))
    );
    let peer = Peer::start(app).await;
    for course in [0xc0, 0xc1] {
        peer.publish(CourseAccessGranted {
            purchase_id: Uuid::from_u128(course),
            student_id: ravi.1.parse().unwrap(),
            course_id: Uuid::from_u128(course),
            purchase_tier: 10,
            metadata: json!({}),
        })
        .await;
    }
    eventually(|| (stats()["rewardedReferrals"] == 1).then_some(Value::Null));
    // The refund of a third student arrives before the purchase, so it has no reward. The reward of
    // a later purchase shows that all have arrived.
    assert_eq!(redeem(&mira, &code).status, 201);
    assert_eq!(redeem(&tara, &code).status, 201);
    let refunded = |(_, id): &(String, String), payment: u128| PaymentRefunded {
        payment_id: Uuid::from_u128(payment),
        student_id: id.parse().unwrap(),
        course_id: Uuid::from_u128(0xc0),
        amount_cents: 300_000,
    };
    peer.publish(refunded(&mira, 5)).await;
    let state = format!("/courses/{}/state", Uuid::from_u128(0xc0));
    let progress = || json_of(&call(&mira, "GET", "/progress", &Value::Null))["data"].clone();
    eventually(|| progress()["courses"].get(0).map(|_| Value::Null));
    for ((_, id), payment) in [(&mira, 5), (&tara, 6)] {
        peer.publish(CourseAccessGranted {
            purchase_id: Uuid::from_u128(payment),
            student_id: id.parse().unwrap(),
            course_id: Uuid::from_u128(0xc0),
            purchase_tier: 10,
            metadata: json!({}),
        })
        .await;
    }
    eventually(|| (stats()["rewardedReferrals"] == 2).then_some(Value::Null));
    let path = format!("/payments/wallet/{}/transactions", asha.1);
    let ledger = json_of(&send(app, &asha.0, "GET", &path, &Value::Null));
    let rewards = ledger["data"]["items"].as_array().unwrap().iter();
    let rewards: Vec<_> = rewards
        .filter(|entry| entry["type"] == "referral")
        .collect();
    assert_eq!(rewards.len(), 2, "{ledger}");
    assert_eq!(rewards[0]["amount"], 50);
    let of_mira = rewards
        .iter()
        .any(|one| one["referenceId"] == json!(mira.1));
    assert!(!of_mira, "{ledger}");
    // A student with a course redeems no code, also after its refund.
    peer.publish(CourseAccessGranted {
        purchase_id: Uuid::from_u128(9),
        student_id: asha.1.parse().unwrap(),
        course_id: Uuid::from_u128(0xc0),
        purchase_tier: 10,
        metadata: json!({}),
    })
    .await;
    let wait = |status: &str| {
        eventually(|| {
            let state = json_of(&call(&asha, "GET", &state, &Value::Null));
            (state["data"]["purchaseStatus"] == status).then_some(Value::Null)
        });
    };
    wait("READY");
    peer.publish(refunded(&asha, 9)).await;
    wait("PROCESSING");
    let other = json_of(&call(&ravi, "GET", "/referral-code", &Value::Null));
    let other = json!({ "referralCode": other["data"]["referralCode"] });
    assert_error(&redeem(&asha, &other), 409, "CONFLICT");
}

pub(crate) async fn refund_takes_the_reward_back_msg_5(app: &TestPlatform) {
    let log_in = |email: &str| {
        let token = app.student(email).access;
        let own = app.call(&token, "GET", "/profile", &Value::Null);
        let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
        (token, id)
    };
    let (asha, ravi) = (log_in("asha@example.org"), log_in("ravi@example.org"));
    let call = |(token, id): &(String, String), method: &str, path: &str, body: &Value| {
        send(app, token, method, &format!("/students/{id}{path}"), body)
    };
    let code = json_of(&call(&asha, "GET", "/referral-code", &Value::Null));
    let code = json!({ "referralCode": code["data"]["referralCode"] });
    assert_eq!(
        call(&ravi, "POST", "/referral-code/redeem", &code).status,
        201
    );
    let path = format!("/payments/wallet/{}/transactions", asha.1);
    let entries = || {
        let ledger = json_of(&send(app, &asha.0, "GET", &path, &Value::Null));
        let items = ledger["data"]["items"].as_array().unwrap().clone();
        let of = items
            .iter()
            .filter(|entry| entry["type"] != "registration_bonus");
        of.map(|entry| entry["amount"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    let wait = |rewarded: u64, amounts: &[i64]| {
        eventually(|| {
            let stats = json_of(&call(&asha, "GET", "/referral-stats", &Value::Null));
            let is_done = stats["data"]["rewardedReferrals"] == rewarded && entries() == amounts;
            is_done.then_some(Value::Null)
        });
    };
    let peer = Peer::start(app).await;
    let (student_id, course_id) = (ravi.1.parse().unwrap(), Uuid::from_u128(0xc0));
    let granted = |payment: u128| CourseAccessGranted {
        purchase_id: Uuid::from_u128(payment),
        student_id,
        course_id,
        purchase_tier: 10,
        metadata: json!({}),
    };
    peer.publish(granted(5)).await;
    wait(1, &[50]);
    peer.publish(PaymentRefunded {
        payment_id: Uuid::from_u128(5),
        student_id,
        course_id,
        amount_cents: 300_000,
    })
    .await;
    wait(0, &[-50, 50]);
    // Another course of the student is another reward.
    peer.publish(granted(6)).await;
    wait(1, &[50, -50, 50]);
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
    })
    .await;
    wait("ASSIGNED");
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

pub(crate) async fn service_removes_cached_pages_auth_5(app: &TestPlatform) {
    let token = app.student("asha@example.org").access;
    let own = app.call(&token, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let home = format!("/students/{id}/home");
    let name = || {
        let page = json_of(&send(app, &token, "GET", &home, &Value::Null));
        page["data"]["student"]["username"].clone()
    };
    // The last message about the account is that of its verification.
    eventually(|| {
        let page = json_of(&send(app, &token, "GET", &home, &Value::Null));
        (page["data"]["student"]["status"] == "verified").then_some(Value::Null)
    });
    assert_eq!(name(), Value::Null);
    let database = app.database("student").await;
    let changed = sql("UPDATE students SET username = 'asha'");
    changed.execute(&database).await.unwrap();
    assert_eq!(name(), Value::Null);
    let service = app.address("student");
    let path = format!("/api/v1/students/{id}/invalidate-cache");
    let call = |token: &str| {
        let bearer = format!("Bearer {token}");
        request(service, "POST", &path, &[("authorization", &bearer)], "").unwrap()
    };
    let config = ServiceTokenConfig {
        secret: Some(Secret::new(SERVICE_SECRET.to_owned())),
        ..ServiceTokenConfig::default()
    };
    let tokens = ServiceTokens::new("payment", &config).unwrap();
    let service_token = tokens.sign().unwrap().expose().clone();
    assert_eq!(call(&token).status, 403);
    // Operators of the legacy service search for this key.
    let key = format!("student:home:{id}");
    if let Some(keys) = app.redis_keys() {
        assert!(keys.lines().any(|line| line.trim() == key), "{keys}");
    }
    assert_eq!(call(&service_token).status, 204);
    if let Some(keys) = app.redis_keys() {
        assert!(!keys.lines().any(|line| line.trim() == key), "{keys}");
    }
    assert_eq!(name(), "asha");
    // The gateway rejects tokens of services.
    let path = format!("/students/{id}/invalidate-cache");
    let refused = send(app, &service_token, "POST", &path, &Value::Null);
    assert_error(&refused, 401, "TOKEN_INVALID");
}
