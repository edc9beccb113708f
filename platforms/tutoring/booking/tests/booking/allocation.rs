use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{ToSpan as _, civil::Weekday};
use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use seaworthy_testkit::eventually;
use serde_json::{Value, json};
use tutoring_contract::PlatformZone;
use uuid::Uuid;

use crate::app::{CENTRE, COURSE, TestApp, data, json_of, operator, student, trainer, wait_for};

/// Returns the number of booked slots.
pub(crate) async fn booked(app: &TestApp) -> u64 {
    let database = app.database().await;
    let (count,): (u64,) = sql("SELECT COUNT(*) FROM schedule_slots WHERE state = 'booked'")
        .fetch_one(&database)
        .await
        .unwrap();
    count
}

pub(crate) async fn purchase_gets_trainer_sessions_and_slots_msg_5(mut app: TestApp) {
    app.open_zone().await;
    let trainer = app.approve(0x7a, 4.5).await;
    // The same purchase three times, in three messages.
    let mut owner = Uuid::nil();
    for _ in 0..3 {
        owner = app.grant(7, "16:00", 30, 30).await;
    }
    app.wait_for_events("TRAINER_ALLOCATED", owner, 1);
    let generated = app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    assert_eq!(generated["sessionIds"].as_array().unwrap().len(), 30);
    app.restart().await;
    let allocation = app.wait_for_allocation(owner, "approved");
    assert_eq!(allocation["trainerId"], json!(trainer));
    let sessions = app.sessions(owner);
    assert_eq!(sessions.len(), 30);
    for (number, session) in (1..).zip(&sessions) {
        assert_eq!(
            (&session["sessionNumber"], &session["timeSlot"]),
            (&json!(number), &json!("16:00"))
        );
        assert!(session["scheduledDate"].as_str().unwrap() > TestApp::today().as_str());
    }
    assert_eq!(booked(&app).await, 30);
    assert_eq!(app.allocations(owner).len(), 1);
    assert_eq!(app.events_of("TRAINER_ALLOCATED", owner).len(), 1);
    // Missing sessions are created again, and only those.
    let database = app.database().await;
    sql("DELETE FROM tutoring_sessions WHERE session_number > 20")
        .execute(&database)
        .await
        .unwrap();
    let path = "/admin/allocations/create-pending-sessions";
    for expected in [10, 0] {
        let created = data(&app.call("POST", path, &operator(), &json!({})));
        assert_eq!(created["created"], expected);
    }
    // The student and an operator see it, and no other student.
    let path = format!("/admin/allocations/{}", allocation["id"].as_str().unwrap());
    assert_eq!(data(&app.get(&path, &student(7)))["status"], "approved");
    assert_eq!(app.get(&path, &student(8)).status, 404);
}

pub(crate) async fn cancelled_allocation_frees_its_slots_data_3(app: TestApp) {
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 20, 20).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let allocation = app.wait_for_allocation(owner, "approved");
    // The trainer held no session on an earlier day.
    let (database, past) = (app.database().await, TestApp::days_ago(3));
    for statement in [
        "UPDATE schedule_slots SET slot_date = ? WHERE session_number = 1",
        "UPDATE tutoring_sessions SET scheduled_date = ? WHERE session_number = 1",
    ] {
        let moved = sql(statement).bind(past.as_str()).execute(&database).await;
        assert_eq!(moved.unwrap().rows_affected(), 1);
    }
    let path = format!(
        "/admin/allocations/{}/cancel",
        allocation["id"].as_str().unwrap()
    );
    let cancel = || {
        app.call(
            "POST",
            &path,
            &operator(),
            &json!({ "reason": "moved away" }),
        )
    };
    let cancelled = cancel();
    assert_eq!(cancelled.status, 200);
    assert_eq!(cancel().status, 409);
    assert_eq!(booked(&app).await, 0);
    assert!(
        app.sessions(owner)
            .iter()
            .all(|one| one["status"] == "cancelled")
    );
    let ended = app.wait_for_events("STUDENT_DEALLOCATED", owner, 1);
    assert_eq!(ended["reason"], "moved away");
    // The operator caused it. A message caused the allocation, which names its student.
    assert_eq!(ended["userId"], json!(Uuid::from_u128(1)));
    assert_eq!(ended["role"], "admin");
    let allocated = app.wait_for_events("TRAINER_ALLOCATED", owner, 1);
    assert_eq!(allocated["userId"], json!(owner));
    assert_eq!(allocated["role"], "student");
    assert_eq!(ended["message"]["subject"], allocation["id"]);
    let request = cancelled.header("x-correlation-id").unwrap();
    assert_eq!(ended["message"]["correlationId"], request);
    // Students and trainers see no session of it.
    app.wait_for_events("SESSION_CANCELLED", owner, 20);
    // The slots are free for another student.
    let other = app.grant(8, "16:00", 20, 20).await;
    app.wait_for_events("TRAINER_ALLOCATED", other, 1);
    assert_eq!(booked(&app).await, 20);
    app.check_invariants();
}

pub(crate) async fn allocation_without_trainer_keeps_reasons_api_1(app: TestApp) {
    app.open_zone().await;
    let first = app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("TRAINER_ALLOCATED", owner, 1);
    let other = app.grant(8, "16:00", 10, 10).await;
    let pending = app.wait_for_allocation(other, "pending");
    assert_eq!(pending["reason"], "no trainer meets all conditions");
    let id = pending["id"].as_str().unwrap();
    let refusals = data(&app.get(&format!("/admin/allocations/{id}/refusals"), &operator()));
    assert_eq!(refusals[0]["trainerId"], json!(first));
    assert_eq!(refusals[0]["reason"], "SLOT_TAKEN");
    app.wait_for_events("NOTIFICATION_REQUESTED", Uuid::from_u128(1), 1);
    // A chosen trainer has to meet the conditions too.
    let approve = format!("/admin/allocations/{id}/approve");
    let chosen = json!({ "trainerId": first });
    let answer = app.call("POST", &approve, &operator(), &chosen);
    assert_eq!(
        (answer.status, &json_of(&answer)["code"]),
        (409, &json!("SLOT_TAKEN"))
    );
    let unknown = json!({ "trainerId": Uuid::from_u128(0x99) });
    let answer = app.call("POST", &approve, &operator(), &unknown);
    assert_eq!(answer.status, 404, "{}", answer.body);
    // The trainer is optional, and so is the body.
    let answer = data(&app.call("POST", &approve, &operator(), &Value::Null));
    assert_eq!(answer["status"], "pending");
    let check = |slot: &str| {
        let body = json!({
            "latitude": CENTRE.0, "longitude": CENTRE.1, "courseId": COURSE, "timeslot": slot,
        });
        data(&app.call("POST", "/check-service-availability", "", &body))["available"].clone()
    };
    assert_eq!(check("16:00"), true);
    let second = app.approve(0x7b, 3.0).await;
    let retry = || {
        let path = "/admin/allocations/retry-auto-assign";
        data(&app.call("POST", path, &operator(), &json!({})))["approved"].clone()
    };
    wait_for("the second trainer", || {
        (retry() == json!([id])).then_some(())
    });
    let approved = app.wait_for_allocation(other, "approved");
    assert_eq!(approved["trainerId"], json!(second));
    app.wait_for_events("SESSIONS_GENERATED", other, 1);
    // Outside of all zones.
    app.enrol([9]).await;
    let far = json!({
        "studentId": Uuid::from_u128(9), "courseId": COURSE, "sessionCount": 10,
        "schedule": { "timeSlot": "16:00" }, "location": { "latitude": 28.6, "longitude": 77.2 },
    });
    let created = data(&app.call("POST", "/admin/allocations", &operator(), &far));
    assert_eq!(created["status"], "pending");
    assert_eq!(created["reason"], "the place is outside all zones");
    // A client of the legacy service may send further fields.
    let reject = json!({ "rejectionReason": "too far away", "updatedBy": "an administrator" });
    let path = format!(
        "/admin/allocations/{}/reject",
        created["id"].as_str().unwrap()
    );
    data(&app.call("POST", &path, &operator(), &reject));
    let rejected = app.wait_for_events("ALLOCATION_REJECTED", Uuid::from_u128(9), 1);
    assert_eq!(
        (&rejected["allocationId"], &rejected["reason"]),
        (&created["id"], &json!("too far away"))
    );
    let zones = app.get("/zones-by-location?lat=28.6&lng=77.2", "");
    assert_eq!(
        (zones.status, &json_of(&zones)["code"]),
        (404, &json!("SERVICE_NOT_AVAILABLE"))
    );
}

pub(crate) async fn pre_bookings_stop_at_their_capacity_data_3(app: TestApp) {
    app.open_zone().await;
    let body = |slot: &str| {
        json!({
            "address": "1", "latitude": CENTRE.0, "longitude": CENTRE.1, "courseId": COURSE,
            "timeslot": slot, "mode": "1on1", "groupSize": 1, "sessionCount": 10,
            "startDate": TestApp::later(Weekday::Monday),
        })
    };
    let (made, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for id in 1..=20 {
            let (app, made, refused, body) = (&app, &made, &refused, body("16:00"));
            scope.spawn(move || {
                let answer = app.call("POST", "/create-prebooking", &student(id), &body);
                match answer.status {
                    201 => made.fetch_add(1, Ordering::Relaxed),
                    409 => refused.fetch_add(1, Ordering::Relaxed),
                    status => panic!("{status}: {}", answer.body),
                };
            });
        }
    });
    assert_eq!((made.into_inner(), refused.into_inner()), (10, 10));
    let path = format!("/pre-bookings/capacity?courseId={COURSE}&timeslot=16:00");
    let capacity = data(&app.get(&path, ""));
    assert_eq!(
        (&capacity["currentCount"], &capacity["available"]),
        (&json!(10), &json!(false))
    );
    // A repeat of the same student is the same pre-booking.
    let book = || data(&app.call("POST", "/create-prebooking", &student(50), &body("17:00")));
    let (first, again): (Value, Value) = (book(), book());
    assert_eq!(first["preBookingId"], again["preBookingId"]);
    assert_eq!(again["capacityRemaining"], 9);
    let other = app.call("POST", "/create-prebooking", &student(50), &body("18:00"));
    assert_eq!(other.status, 409, "{}", other.body);
    assert_eq!(first["pricing"]["total"], 354_000);
    app.check_invariants();
}

/// A session whose time is over was neither held nor cancelled before.
pub(crate) async fn ended_allocation_gets_no_new_slots_data_3(app: TestApp) {
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let database = app.database().await;
    sql("UPDATE tutoring_sessions SET starts_at = ? WHERE session_number = 1")
        .bind(Utc::now() - TimeDelta::hours(1))
        .execute(&database)
        .await
        .unwrap();
    let session = app.sessions(owner)[0].clone();
    let allocation = app.wait_for_allocation(owner, "approved");
    let reason = json!({ "reason": "moved away" });
    let id = |of: &Value| of["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/allocations/{}/cancel", id(&allocation));
    data(&app.call("POST", &path, &operator(), &reason));
    let move_it = json!({
        "sessionId": session["id"], "newDate": "2099-01-01", "newTime": "16:00",
        "reason": "a feast",
    });
    let moved = app.call("POST", "/admin/reschedule", &student(7), &move_it);
    assert_eq!(moved.status, 409, "{}", moved.body);
    let path = format!("/admin/sessions/{}/cancel", id(&session));
    let again = app.call("POST", &path, &operator(), &reason);
    assert_eq!(again.status, 409, "{}", again.body);
    assert_eq!(booked(&app).await, 0);
    let is_cancelled = |one: &Value| one["status"] == "cancelled";
    assert!(app.sessions(owner).iter().all(is_cancelled));
    // Nor does a scheduled session of an ended allocation start.
    let set = async |status: &str| {
        sql("UPDATE tutoring_sessions SET status = ?, scheduled_date = ? WHERE session_number = 1")
            .bind(status)
            .bind(TestApp::today())
            .execute(&database)
            .await
            .unwrap();
    };
    set("scheduled").await;
    let path = format!("/admin/sessions/{}/start", id(&session));
    let place = json!({ "trainerLocation": { "latitude": CENTRE.0, "longitude": CENTRE.1 } });
    let started = app.call("POST", &path, &trainer(holder), &place);
    assert_eq!(started.status, 409, "{}", started.body);
    set("cancelled").await;
    app.check_invariants();
}

/// Another student takes the next slot while an upgrade plans its dates.
pub(crate) async fn upgrade_finds_other_dates_after_a_race_data_3(app: TestApp) {
    if !app.is_postgres() {
        return;
    }
    app.open_zone().await;
    let trainer = app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let last: jiff::civil::Date = app.sessions(owner)[9]["scheduledDate"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let database = app.database().await;
    let tx = database.begin().await.unwrap();
    for days in 1..=3 {
        let date = last + jiff::Span::new().days(days);
        sql("INSERT INTO schedule_slots (trainer_id, slot_date, timeslot, state) VALUES (?, ?, '16:00', 'blocked')")
            .bind(trainer)
            .bind(date.to_string())
            .execute(&tx)
            .await
            .unwrap();
    }
    app.grant(7, "16:00", 20, 10).await;
    wait_for_lock(&app).await;
    tx.commit().await.unwrap();
    app.wait_for_events("SESSIONS_GENERATED", owner, 2);
    assert_eq!(app.sessions(owner).len(), 20);
    app.check_invariants();
}

/// Waits until a statement of the service waits for another transaction.
pub(crate) async fn wait_for_lock(app: &TestApp) {
    eventually(async || app.empty.blocked_statements("") > 0).await;
}

/// The trainers with the best ratings have no time, and they fill the first page of the choice.
pub(crate) async fn free_trainer_is_found_after_many_busy_ones_data_1(app: TestApp) {
    const BUSY: u128 = 250;
    app.open_zone().await;
    let free = app.approve(0x7a, 3.0).await;
    let database = app.database().await;
    // One of the two days is not a Sunday.
    let dates = [2, 3].map(|days| PlatformZone::default().today().checked_add(days.days()));
    // Copies of the free trainer with a better rating.
    for id in (0..BUSY).map(|id| Uuid::from_u128(0x10_0000 + id)) {
        for date in &dates {
            sql("INSERT INTO schedule_slots (trainer_id, slot_date, timeslot, state) VALUES (?, ?, '16:00', 'blocked')")
                .bind(id)
                .bind(date.as_ref().unwrap().to_string())
                .execute(&database)
                .await
                .unwrap();
        }
        sql("INSERT INTO trainer_copies (trainer_id, account, account_version, profile, profile_version, is_allocatable, latitude, longitude, zone_id, rating_tenths) SELECT ?, account, account_version, profile, profile_version, is_allocatable, latitude, longitude, zone_id, 45 FROM trainer_copies WHERE trainer_id = ?")
            .bind(id)
            .bind(free)
            .execute(&database)
            .await
            .unwrap();
        sql("INSERT INTO candidates (zone_id, course_id, rating_tenths, trainer_id) SELECT zone_id, course_id, 45, ? FROM candidates WHERE trainer_id = ?")
            .bind(id)
            .bind(free)
            .execute(&database)
            .await
            .unwrap();
    }
    let owner = app.grant(7, "16:00", 10, 10).await;
    let allocation = app.wait_for_allocation(owner, "approved");
    assert_eq!(allocation["trainerId"], json!(free));
}
