use jiff::civil::Weekday;
use seaworthy::data::sql;
use serde_json::{Value, json};
use tutoring_contract::{
    Role,
    events::{CourseAccessGranted, PaymentRefunded},
};
use uuid::Uuid;

use crate::app::{
    CENTRE, COURSE, TestApp, data, json_of, operator, service_token, student, token, trainer,
};

/// Returns a day that is not a Sunday.
fn start() -> String {
    TestApp::later(Weekday::Monday)
}

fn booking_request(mode: &str, students: &[u128]) -> Value {
    let ids: Vec<_> = students.iter().map(|id| Uuid::from_u128(*id)).collect();
    json!({
        "address": "1", "latitude": CENTRE.0, "longitude": CENTRE.1, "courseId": COURSE,
        "timeslot": "16:00", "mode": mode, "groupSize": students.len() + 1, "sessionCount": 30,
        "startDate": start(), "studentIds": ids,
    })
}

pub(crate) async fn booking_gets_a_trainer_or_a_reason_api_1(app: TestApp) {
    app.open_zone().await;
    let book =
        |caller: u128, body: &Value| app.call("POST", "/create-booking", &student(caller), body);
    let created = book(7, &booking_request("1on1", &[]));
    assert_eq!(created.status, 201, "{}", created.body);
    let booking = data(&created);
    assert_eq!(booking["status"], "pending");
    for path in ["/create-booking", "/create-prebooking"] {
        let refused = |changes: &Value| {
            let mut body = booking_request("1on1", &[]);
            for (name, value) in changes.as_object().unwrap() {
                body[name] = value.clone();
            }
            json_of(&app.call("POST", path, &student(6), &body))
        };
        let place = json!({ "latitude": 1, "longitude": 1 });
        assert_eq!(refused(&place)["code"], "SERVICE_NOT_AVAILABLE", "{path}");
        let course = json!({ "courseId": Uuid::from_u128(1) });
        assert_eq!(refused(&course)["code"], "NOT_FOUND", "{path}");
        let fields = |answer: &Value| {
            let errors = answer["errors"].as_array().unwrap().iter();
            let fields = errors.map(|error| error["field"].as_str().unwrap().to_owned());
            fields.collect::<Vec<_>>()
        };
        let wrong = json!({
            "address": " ", "latitude": 91, "mode": "1on4", "sessionCount": 11,
            "startDate": TestApp::later(Weekday::Sunday),
        });
        assert_eq!(
            fields(&refused(&wrong)),
            ["address", "mode", "sessionCount", "startDate", "latitude"]
        );
        let late = json!({ "startDate": "9999-12-31" });
        assert_eq!(fields(&refused(&late)), ["startDate"]);
        let empty = json_of(&app.call("POST", path, &student(6), &json!({})));
        assert_eq!(fields(&empty).len(), 9, "{empty}");
    }
    // A repeat returns the same booking.
    let again = data(&book(7, &booking_request("1on1", &[])));
    assert_eq!(again["bookingId"], booking["bookingId"]);
    // The other students of a group must have joined.
    for students in [&[9][..], &[], &[9, 9]] {
        let mut body = booking_request("1on2", students);
        body["groupSize"] = json!(2);
        let refused = book(8, &body);
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert_eq!(json_of(&refused)["errors"][0]["field"], "studentIds");
    }
    let joined = app.call(
        "POST",
        "/create-prebooking",
        &student(9),
        &booking_request("1on1", &[]),
    );
    assert_eq!(joined.status, 201, "{}", joined.body);
    assert_eq!(book(8, &booking_request("1on2", &[9])).status, 201);

    let request = json!({
        "bookingId": booking["bookingId"], "courseId": COURSE, "classType": "ONE_ON_ONE",
        "totalSessions": 30, "deliveryMode": "WEEKDAY_DAILY", "startDate": start(),
        "preferredTimeSlot": "16:00",
        "studentLocation": { "latitude": CENTRE.0, "longitude": CENTRE.1 },
        "students": [],
    });
    let assign = |change: Value| {
        let mut body = request.clone();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        data(&app.call("POST", "/auto-assign-trainer", &service_token(), &body))
    };
    // The student has not paid.
    let owner = Uuid::from_u128(7);
    assert_eq!(assign(json!({}))["status"], "INVALID_PURCHASE");
    assert!(app.allocations(owner).is_empty());
    app.grant(7, "16:00", 30, 30).await;
    app.wait_for_allocation(owner, "pending");
    for wrong in [
        json!({ "bookingId": Uuid::from_u128(1) }),
        json!({ "courseId": Uuid::from_u128(1) }),
        json!({ "totalSessions": 20 }),
        json!({ "classType": "ONE_ON_TWO" }),
        json!({ "preferredTimeSlot": "17:00" }),
    ] {
        assert_eq!(
            assign(wrong.clone())["status"],
            "INVALID_PURCHASE",
            "{wrong}"
        );
    }
    let far = json!({ "studentLocation": { "latitude": 0, "longitude": 0 } });
    assert_eq!(assign(far)["status"], "SERVICE_NOT_AVAILABLE");
    let waiting = assign(json!({}));
    assert_eq!(waiting["status"], "WAITLISTED", "{waiting}");
    let demand = |city: &str| {
        let path = format!("/trainer-demand?city={city}");
        data(&app.get(&path, &operator()))["zones"].clone()
    };
    assert_eq!(demand("Nowhere"), json!([]));
    let zone = demand("Mysuru")[0].clone();
    assert_eq!(
        (
            &zone["pendingAllocations"],
            &zone["openAllocations"],
            &zone["trainers"]
        ),
        (&json!(1), &json!(0), &json!(0))
    );

    let holder = app.approve(0x7a, 4.5).await;
    let assigned = assign(json!({}));
    assert_eq!(
        (
            &assigned["status"],
            &assigned["trainerId"],
            &assigned["allocationId"]
        ),
        (&json!("ASSIGNED"), &json!(holder), &waiting["allocationId"])
    );
    let schedule = assigned["schedule"].as_array().unwrap();
    assert_eq!(schedule.len(), 30);
    assert_eq!(
        (&schedule[0]["sessionNumber"], &schedule[0]["timeSlot"]),
        (&json!(1), &json!("16:00"))
    );
    assert_eq!(assign(json!({})), assigned);
    let zone = demand("Mysuru")[0].clone();
    assert_eq!(
        (
            &zone["pendingAllocations"],
            &zone["openAllocations"],
            &zone["trainers"]
        ),
        (&json!(0), &json!(1), &json!(1))
    );
    app.check_invariants();
}

/// Returns the states of the bookings of a student in the order of their creation.
async fn states(app: &TestApp, owner: Uuid) -> Vec<String> {
    let database = app.database().await;
    let rows: Vec<(String,)> =
        sql("SELECT status FROM bookings WHERE student_id = ? ORDER BY created_at")
            .bind(owner)
            .fetch_all(&database)
            .await
            .unwrap();
    rows.into_iter().map(|(status,)| status).collect()
}

pub(crate) async fn booking_follows_its_payment_and_sessions_data_4(app: TestApp) {
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.5).await;
    let book = |caller: u128| {
        let body = booking_request("1on1", &[]);
        data(&app.call("POST", "/create-booking", &student(caller), &body))
    };
    book(7);
    let owner = Uuid::from_u128(7);
    assert_eq!(states(&app, owner).await, ["pending"]);
    app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    assert_eq!(states(&app, owner).await, ["confirmed"]);
    // An upgrade that is refunded.
    book(7);
    app.grant(7, "16:00", 30, 20).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 2);
    assert_eq!(states(&app, owner).await, ["confirmed", "confirmed"]);
    app.publish(PaymentRefunded {
        payment_id: Uuid::from_u128(730),
        student_id: owner,
        course_id: COURSE,
        amount_cents: 1,
    })
    .await;
    app.wait_for_events("TRAINER_ALLOCATED", owner, 3);
    assert_eq!(states(&app, owner).await, ["confirmed", "cancelled"]);

    // The first session begins, and it is the last one that is held.
    let sessions = app.sessions(owner);
    let id = sessions[0]["id"].as_str().unwrap();
    let database = app.database().await;
    sql("UPDATE tutoring_sessions SET scheduled_date = ? WHERE session_number = 1")
        .bind(TestApp::today())
        .execute(&database)
        .await
        .unwrap();
    let post = |token: &str, action: &str, body: &Value| {
        let path = format!("/admin/sessions/{id}/{action}");
        data(&app.call("POST", &path, token, body))
    };
    let (own, pupil) = (trainer(holder), student(7));
    let place = json!({ "trainerLocation": { "latitude": CENTRE.0, "longitude": CENTRE.1 } });
    post(&own, "start", &place);
    let sent = app.wait_for_live("session:otp", &format!("user:{owner}"), 1);
    post(
        &own,
        "verify-otp",
        &json!({ "otp": sent[0]["data"]["otp"] }),
    );
    assert_eq!(states(&app, owner).await, ["active", "cancelled"]);
    sql("UPDATE tutoring_sessions SET status = 'completed', confirmed_at = created_at WHERE status = 'scheduled'")
        .execute(&database)
        .await
        .unwrap();
    post(&own, "end", &place);
    post(&pupil, "confirm", &json!({ "confirmed": true }));
    assert_eq!(states(&app, owner).await, ["completed", "cancelled"]);

    // An operator cancels the allocation of another student.
    book(8);
    let other = app.grant(8, "17:00", 10, 10).await;
    let allocation = app.wait_for_allocation(other, "approved")["id"].clone();
    let path = format!("/admin/allocations/{}/cancel", allocation.as_str().unwrap());
    let body = json!({ "reason": "moved away" });
    data(&app.call("POST", &path, &operator(), &body));
    assert_eq!(states(&app, other).await, ["cancelled"]);
    app.check_invariants();
}

/// Without the switch, no package gets sessions on Sundays, except a package that was bought with
/// them.
pub(crate) async fn sundays_follow_their_switch_and_what_was_paid_api_1(app: TestApp) {
    let sunday = TestApp::later(Weekday::Sunday);
    app.open_zone().await;
    app.enrol([9]).await;
    app.approve(0x7a, 4.5).await;
    let weekdays = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", weekdays, 1);
    let request = |student_id: Uuid, session: usize, time: &str| {
        let body = json!({
            "sessionId": app.sessions(student_id)[session]["id"], "newDate": sunday,
            "newTime": time, "reason": "a feast",
        });
        let token = token(student_id, Role::Student, &[]);
        app.call("POST", "/admin/reschedule", &token, &body)
    };
    let waiting = data(&request(weekdays, 9, "16:00"));
    let switch = |is_on: bool| {
        let switch = json!({ "enable_sunday_focus": is_on });
        let switched = app.call("PUT", "/feature-flags", &operator(), &switch);
        assert_eq!(switched.status, 200, "{}", switched.body);
    };
    switch(false);

    let refused = request(weekdays, 8, "17:00");
    assert_eq!(json_of(&refused)["errors"][0]["field"], "newDate");
    let path = format!("/admin/reschedule/{}", waiting["id"].as_str().unwrap());
    let changed = app.call("PUT", &path, &student(7), &json!({ "newTime": "18:00" }));
    assert_eq!(json_of(&changed)["errors"][0]["field"], "newDate");
    let approve = || app.call("POST", &format!("{path}/approve"), &operator(), &json!({}));
    assert_eq!(approve().status, 400);
    let place = json!({ "address": "1", "latitude": CENTRE.0, "longitude": CENTRE.1 });
    let new = json!({
        "studentId": Uuid::from_u128(9), "courseId": COURSE, "sessionCount": 10,
        "deliveryMode": "SUNDAY_ONLY", "schedule": { "timeSlot": "17:00" }, "location": place,
    });
    let assign = json!({
        "studentId": Uuid::from_u128(9), "courseId": COURSE, "timeSlot": "17:00", "date": start(),
        "paymentMetadata": { "deliveryMode": "SUNDAY_ONLY", "location": place },
    });
    let create = |path: &str, body: &Value| app.call("POST", path, &operator(), body).status;
    assert_eq!(create("/admin/allocations", &new), 400);
    assert_eq!(create("/admin/allocations/auto-assign", &assign), 400);

    let sundays = Uuid::from_u128(8);
    app.publish(CourseAccessGranted {
        purchase_id: sundays,
        student_id: sundays,
        course_id: COURSE,
        purchase_tier: 10,
        metadata: json!({
            "paymentId": Uuid::from_u128(810), "sessionCount": 10,
            "deliveryMode": "SUNDAY_ONLY",
            "schedule": { "timeSlot": "17:00", "startDate": "2020-01-01" }, "location": place,
        }),
    })
    .await;
    app.wait_for_events("SESSIONS_GENERATED", sundays, 1);
    assert_eq!(request(sundays, 9, "12:00").status, 201);
    switch(true);
    assert_eq!(approve().status, 200);
    assert_eq!(create("/admin/allocations", &new), 201);
    app.check_invariants();
}
