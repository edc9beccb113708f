use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use serde_json::{Value, json};
use tutoring_testkit::audited_change;
use uuid::Uuid;

use crate::{
    allocation::booked,
    app::{CENTRE, TestApp, data, json_of, operator, student, trainer, wait_for},
    audit::entries,
};

/// Allocates sessions, and moves the first one to today. Returns its student, trainer and ID.
pub(crate) async fn today(app: &TestApp) -> (Uuid, Uuid, String) {
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let id = app.sessions(owner)[0]["id"].as_str().unwrap().to_owned();
    let database = app.database().await;
    sql("UPDATE tutoring_sessions SET scheduled_date = ?, starts_at = ? WHERE session_number = 1")
        .bind(TestApp::today())
        .bind(Utc::now())
        .execute(&database)
        .await
        .unwrap();
    (owner, holder, id)
}

pub(crate) async fn session_day_completes_once_msg_5(app: TestApp) {
    let (owner, holder, id) = today(&app).await;
    let post = |token: &str, action: &str, body: &Value| {
        app.call(
            "POST",
            &format!("/admin/sessions/{id}/{action}"),
            token,
            body,
        )
    };
    let (pupil, own) = (student(7), trainer(holder));
    let at = |metres: f64| json!({ "trainerLocation": { "latitude": CENTRE.0 + metres / 111_195.0, "longitude": CENTRE.1 } });
    let other = trainer(Uuid::from_u128(0x99));
    assert_eq!(post(&other, "start", &at(0.0)).status, 403);
    let refused = post(&own, "start", &at(120.0));
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert_eq!(json_of(&refused)["errors"][0]["field"], "trainerLocation");
    assert_eq!(
        post(&own, "verify-otp", &json!({ "otp": "000000" })).status,
        409
    );
    let started = post(&own, "start", &at(90.0));
    assert_eq!(data(&started)["status"], "pending_verification");
    let early = post(&own, "start", &at(90.0));
    assert_eq!(early.status, 429);
    let wait: u64 = early.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(json_of(&early)["retryAfter"], wait);
    let sent = app.wait_for_live("session:otp", &format!("user:{owner}"), 1);
    let shown = &sent[0]["data"];
    let code = shown["otp"].as_str().unwrap().to_owned();
    assert_eq!(
        (&shown["sessionId"], &sent[0]["isSealed"]),
        (&json!(id), &json!(true))
    );
    let notice = app.wait_for_events("NOTIFICATION_REQUESTED", owner, 1);
    let (text, data_of) = (notice.to_string(), notice["data"].as_object().unwrap());
    assert!(
        !text.contains(&code) && data_of.keys().eq(["sealed"]),
        "{text}"
    );
    assert!(shown["expiresAt"].is_string(), "{shown}");
    assert!(!started.body.contains(&code), "{}", started.body);
    let shown = app.get(&format!("/admin/sessions/{id}"), &own);
    assert!(
        !shown.body.contains(&code) && !shown.body.contains("otp"),
        "{}",
        shown.body
    );
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let tried = post(&own, "verify-otp", &json!({ "otp": wrong }));
    assert_eq!(
        (tried.status, &json_of(&tried)["code"]),
        (400, &json!("INVALID_CODE"))
    );
    assert_eq!(
        data(&post(&own, "verify-otp", &json!({ "otp": code })))["status"],
        "in_progress"
    );
    assert_eq!(app.allocations(owner)[0]["status"], "active");
    assert_eq!(
        post(&pupil, "confirm", &json!({ "confirmed": true })).status,
        409
    );
    let refused = post(&own, "end", &json!({ "notes": "fractions" }));
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert_eq!(json_of(&refused)["errors"][0]["field"], "trainerLocation");
    assert_eq!(
        data(&post(&own, "end", &at(0.0)))["status"],
        "pending_confirmation"
    );
    let other_user = student(8);
    assert_eq!(
        post(&other_user, "confirm", &json!({ "confirmed": true })).status,
        403
    );
    // The same confirmation three times at once.
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let answer = post(&pupil, "confirm", &json!({ "confirmed": true }));
                assert_eq!(data(&answer)["status"], "completed");
            });
        }
    });
    let completed = app.wait_for_events("SESSION_COMPLETED", owner, 1);
    assert_eq!(completed["duration"], 40);
    assert_eq!(completed["userId"], json!(owner));
    let attendance = json!({ "sessionId": id, "status": "present" });
    assert_eq!(
        app.call("POST", "/trainer-attendance", &own, &attendance)
            .status,
        200
    );
    assert_eq!(
        app.call("POST", "/trainer-attendance", &other, &attendance)
            .status,
        403
    );
    assert_eq!(app.events_of("SESSION_COMPLETED", owner).len(), 1);
}

pub(crate) async fn session_moves_only_to_a_free_slot_data_3(app: TestApp) {
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    let other = app.grant(8, "17:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    app.wait_for_events("SESSIONS_GENERATED", other, 1);
    let session = app.sessions(owner)[9].clone();
    let date = session["scheduledDate"].as_str().unwrap().to_owned();
    let ask = |token: &str, date: &str, slot: &str| {
        let body = json!({
            "sessionId": session["id"], "newDate": date, "newTime": slot, "reason": "a feast",
        });
        app.call("POST", "/admin/reschedule", token, &body)
    };
    assert_eq!(ask(&student(7), "2020-01-01", "16:00").status, 400);
    assert_eq!(ask(&student(7), &date, "16:30").status, 400);
    assert_eq!(ask(&student(8), &date, "18:00").status, 403);
    let wrong = json!({
        "sessionId": session["id"], "newDate": date, "newTime": "18:00", "reason": " ",
        "notes": "x".repeat(1001),
    });
    let refused = json_of(&app.call("POST", "/admin/reschedule", &student(7), &wrong));
    assert_eq!(refused["errors"][0]["field"], "reason");
    assert_eq!(refused["errors"][1]["field"], "notes");
    let taken = data(&ask(&student(7), &date, "17:00"));
    assert_eq!(ask(&trainer(holder), &date, "18:00").status, 409);
    let decide = |request: &Value, action: &str, body: &Value| {
        let path = format!(
            "/admin/reschedule/{}/{action}",
            request["id"].as_str().unwrap()
        );
        app.call("POST", &path, &operator(), body)
    };
    let answer = decide(&taken, "approve", &json!({}));
    assert_eq!(
        (answer.status, &json_of(&answer)["code"]),
        (409, &json!("SLOT_TAKEN"))
    );
    assert_eq!(booked(&app).await, 20);
    assert_eq!(app.sessions(owner)[9]["timeSlot"], "16:00");
    let path = format!("/admin/reschedule/{}", taken["id"].as_str().unwrap());
    let change = json!({ "newTime": "18:00" });
    assert_eq!(app.call("PUT", &path, &student(8), &change).status, 404);
    assert_eq!(
        data(&app.call("PUT", &path, &student(7), &change))["newTime"],
        "18:00"
    );
    assert_eq!(decide(&taken, "approve", &json!({})).status, 200);
    assert_eq!(decide(&taken, "approve", &json!({})).status, 409);
    let moved = app.wait_for_events("SESSION_RESCHEDULED", owner, 1);
    assert_eq!(
        (&moved["oldTimeSlot"], &moved["newTimeSlot"]),
        (&json!("16:00"), &json!("18:00"))
    );
    assert_eq!(booked(&app).await, 20);
    // The old slot is free: the same move back is possible.
    let back = data(&ask(&trainer(holder), &date, "16:00"));
    assert_eq!(
        decide(&back, "reject", &json!({ "rejectionReason": "no" })).status,
        200
    );
    let back = data(&ask(&trainer(holder), &date, "16:00"));
    assert_eq!(decide(&back, "approve", &json!({})).status, 200);
    assert_eq!(app.sessions(owner)[9]["timeSlot"], "16:00");
    // Payroll counts the days until the last session.
    assert_eq!(ask(&student(7), "9999-12-31", "16:00").status, 400);
    let day = TestApp::in_days(300);
    let later = data(&ask(&student(7), &day, "16:00"));
    assert_eq!(decide(&later, "approve", &json!({})).status, 200);
    let allocated = app.wait_for_events("TRAINER_ALLOCATED", owner, 2);
    assert_eq!(allocated["endDate"], json!(day));
    let decided = entries(&app, "reschedule.decide").await;
    let moved = audited_change(&decided[0], "timeSlot");
    assert_eq!(moved, (json!("16:00"), json!("18:00")));
    let rejected = audited_change(&decided[1], "status");
    assert_eq!(rejected, (json!("pending"), json!("rejected")));
    app.check_invariants();
}

pub(crate) async fn substitution_moves_the_reservation_data_3(app: TestApp) {
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.9).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let second = app.approve(0x7b, 3.0).await;
    let third = app.approve(0x7c, 2.0).await;
    let busy = app.grant(8, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", busy, 1);
    assert_eq!(app.allocations(busy)[0]["trainerId"], json!(second));
    let session = app.sessions(owner)[5].clone();
    let substitute = |by: Uuid| {
        let body = json!({
            "sessionDate": session["scheduledDate"], "originalTrainerId": holder,
            "studentId": owner, "substituteTrainerId": by, "reason": "ill",
        });
        app.call("POST", "/admin/substitutions", &operator(), &body)
    };
    assert_eq!(json_of(&substitute(second))["code"], "SLOT_TAKEN");
    assert_eq!(substitute(Uuid::from_u128(0x99)).status, 404);
    let made = wait_for("the third trainer", || {
        let answer = substitute(third);
        (answer.status == 201).then(|| data(&answer))
    });
    let again = substitute(third);
    assert_eq!(again.status, 409, "{}", again.body);
    assert_eq!(app.sessions(owner)[5]["trainerId"], json!(third));
    let event = app.wait_for_events("SESSION_SUBSTITUTED", owner, 1);
    assert_eq!(event["substituteTrainerId"], json!(third));
    assert_eq!(booked(&app).await, 20);
    let path = format!("/admin/substitutions/{}", made["id"].as_str().unwrap());
    let delete = || app.call("DELETE", &path, &operator(), &Value::Null).status;
    assert_eq!((delete(), delete()), (200, 404));
    assert_eq!(app.sessions(owner)[5]["trainerId"], json!(holder));
    app.wait_for_events("SESSION_SUBSTITUTED", owner, 2);
    assert_eq!(booked(&app).await, 20);
    let created = &entries(&app, "substitution.create").await[0];
    assert_eq!(created["reason"], "ill");
    let deleted = &entries(&app, "substitution.delete").await[0];
    let by = audited_change(deleted, "substituteTrainerId");
    assert_eq!(by, (json!(third), Value::Null));
}

pub(crate) async fn cancelled_session_is_replaced_at_the_end_api_1(app: TestApp) {
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let sessions = app.sessions(owner);
    let last = sessions[9]["scheduledDate"].clone();
    let cancel = |session: &Value, token: &str| {
        let path = format!("/admin/sessions/{}/cancel", session["id"].as_str().unwrap());
        app.call("POST", &path, token, &json!({ "reason": "a journey" }))
    };
    assert_eq!(cancel(&sessions[4], &student(8)).status, 403);
    let request = json!({
        "sessionId": sessions[4]["id"], "newDate": TestApp::in_days(300), "newTime": "16:00",
        "reason": "a feast",
    });
    data(&app.call("POST", "/admin/reschedule", &student(7), &request));
    assert_eq!(
        data(&cancel(&sessions[4], &student(7)))["status"],
        "cancelled"
    );
    assert_eq!(cancel(&sessions[4], &student(7)).status, 409);
    let requests = data(&app.get("/admin/reschedule", &operator()));
    assert_eq!(requests["items"][0]["status"], "cancelled");
    let after = app.sessions(owner);
    assert_eq!(after.len(), 11);
    assert!(after[10]["scheduledDate"].as_str() > last.as_str());
    assert_eq!(booked(&app).await, 10);
    // Payroll counts the days until the last session.
    let allocated = app.wait_for_events("TRAINER_ALLOCATED", owner, 2);
    assert_eq!(allocated["endDate"], after[10]["scheduledDate"]);
    app.wait_for_events("SESSION_CANCELLED", owner, 1);
    // Less than 12 hours before the start, the session counts as held.
    let database = app.database().await;
    sql("UPDATE tutoring_sessions SET starts_at = ? WHERE session_number = 1")
        .bind(Utc::now() + TimeDelta::hours(11))
        .execute(&database)
        .await
        .unwrap();
    assert_eq!(
        data(&cancel(&sessions[0], &student(7)))["status"],
        "completed"
    );
    app.wait_for_events("SESSION_COMPLETED", owner, 1);
    app.check_invariants();
}

/// After its day, only an administrator can end a session that has begun.
pub(crate) async fn begun_session_is_cancelled_by_an_administrator_data_4(app: TestApp) {
    let (owner, holder, id) = today(&app).await;
    let database = app.database().await;
    let cancel = |token: &str, id: &str| {
        let path = format!("/admin/sessions/{id}/cancel");
        app.call("POST", &path, token, &json!({ "reason": "power cut" }))
    };
    for (index, status) in ["pending_verification", "in_progress", "disputed"]
        .into_iter()
        .enumerate()
    {
        let session = app.sessions(owner)[index].clone();
        let id = session["id"].as_str().unwrap().to_owned();
        sql("UPDATE tutoring_sessions SET status = ? WHERE id = ?")
            .bind(status)
            .bind(id.parse::<Uuid>().unwrap())
            .execute(&database)
            .await
            .unwrap();
        let present = json!({ "sessionId": id, "status": "present" });
        let stored = app.call("POST", "/trainer-attendance", &operator(), &present);
        // The other sessions have not begun.
        let expected = if index == 0 { 200 } else { 400 };
        assert_eq!(stored.status, expected, "{}", stored.body);
        assert_eq!(cancel(&student(7), &id).status, 409, "{status}");
        assert_eq!(cancel(&trainer(holder), &id).status, 403, "{status}");
        assert_eq!(data(&cancel(&operator(), &id))["status"], "cancelled");
        assert_eq!(cancel(&operator(), &id).status, 409, "{status}");
        let (attendance,): (String,) = sql("SELECT status FROM attendance WHERE session_id = ?")
            .bind(id.parse::<Uuid>().unwrap())
            .fetch_one(&database)
            .await
            .unwrap();
        assert_eq!(attendance, "cancelled");
        // A session at the end replaces it.
        assert_eq!(app.sessions(owner).len(), 11 + index);
        assert_eq!(booked(&app).await, 10);
        app.check_invariants();
    }
    let cancelled = app.wait_for_events("SESSION_CANCELLED", owner, 3);
    assert_eq!(cancelled["reason"], "power cut");
    let (entries,): (u64,) = sql("SELECT COUNT(*) FROM audit_log WHERE action = 'session.cancel'")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(entries, 3);
    assert_eq!(app.sessions(owner)[0]["id"], json!(id));
}

/// The session has begun when another trainer gets the allocation of its purchase.
pub(crate) async fn replacement_follows_the_purchase_data_3(app: TestApp) {
    assert_replaced_after_another_trainer(app, true).await;
}

pub(crate) async fn replacement_needs_no_purchase_data_3(app: TestApp) {
    assert_replaced_after_another_trainer(app, false).await;
}

async fn assert_replaced_after_another_trainer(app: TestApp, has_purchase: bool) {
    let (owner, _, id) = today(&app).await;
    let database = app.database().await;
    if !has_purchase {
        // As an administrator creates it.
        sql("UPDATE allocations SET purchase_id = NULL")
            .execute(&database)
            .await
            .unwrap();
    }
    sql("UPDATE tutoring_sessions SET status = 'in_progress' WHERE session_number = 1")
        .execute(&database)
        .await
        .unwrap();
    let second = app.approve(0x7b, 4.0).await;
    let first = app.allocations(owner)[0]["id"].as_str().unwrap().to_owned();
    let change = json!({ "trainerId": second });
    let path = format!("/admin/allocations/{first}");
    let next = wait_for("the second trainer", || {
        let changed = app.call("PUT", &path, &operator(), &change);
        (changed.status == 200).then(|| data(&changed))
    });
    assert_eq!(next["sessionCount"], 9);
    app.wait_for_events("SESSIONS_GENERATED", owner, 2);
    app.check_invariants();
    let path = format!("/admin/sessions/{id}/cancel");
    let reason = json!({ "reason": "power cut" });
    data(&app.call("POST", &path, &operator(), &reason));
    app.wait_for_events("SESSIONS_GENERATED", owner, 3);
    let open = app.wait_for_allocation(owner, "approved");
    assert_eq!(
        (&open["id"], &open["sessionCount"]),
        (&next["id"], &json!(10))
    );
    app.check_invariants();
}
