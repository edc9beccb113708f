use seaworthy::data::sql;
use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};
use tutoring_contract::events::{CourseAccessGranted, PaymentRefunded};
use uuid::Uuid;

use crate::{
    allocation::booked,
    app::{CENTRE, COURSE, TestApp, data, json_of, operator, student, trainer, wait_for},
};

/// A day that is not a Sunday, with a holiday.
const HOLIDAY: &str = "2099-03-03";
const SLOTS: usize = 14;

pub(crate) async fn availability_has_its_reason_api_1(app: TestApp) {
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.5).await;
    let holiday = json!({ "date": HOLIDAY, "name": "Holi" });
    let stored = app.call("POST", "/holidays", &operator(), &holiday);
    assert_eq!(stored.status, 200, "{}", stored.body);
    let ask = |token: &str, what: &str, query: &str| {
        app.get(&format!("/admin/allocations/{what}?{query}"), token)
    };
    let place = format!("latitude={}&longitude={}", CENTRE.0, CENTRE.1);
    let pupil = student(7);
    let course = |query: &str| {
        let found = data(&ask(&pupil, "check-course-availability", query));
        (found["available"].clone(), found["reason"].clone())
    };
    let no = |reason: &str| (json!(false), json!(reason));
    let own = format!("courseId={COURSE}");
    wait_for("the course", || {
        (course(&format!("{own}&{place}")).0 == true).then_some(())
    });
    let far = format!("{own}&latitude=0&longitude=0");
    assert_eq!(course(&far), no("SERVICE_NOT_AVAILABLE"));
    let other = format!("courseId={}&{place}", Uuid::from_u128(1));
    assert_eq!(course(&other), no("COURSE_NOT_AVAILABLE"));
    // The profile of the student has no place.
    let without = ask(&pupil, "check-course-availability", &own);
    assert_eq!(json_of(&without)["errors"][0]["field"], "location");

    let busy = app.grant(8, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", busy, 1);
    let date = app.sessions(busy)[0]["scheduledDate"].clone();
    let date = date.as_str().unwrap();
    let check = |date: &str, slot: &str| {
        let query = format!("{own}&{place}&date={date}&timeSlot={slot}");
        ask(&pupil, "availability/check", &query)
    };
    let reason = |answer: &HttpResponse| data(answer)["reason"].clone();
    assert_eq!(reason(&check(date, "16:00")), "NO_TRAINER");
    let free = data(&check(date, "17:00"));
    assert!(
        free["available"] == true && free["zoneId"].is_string(),
        "{free}"
    );
    assert_eq!(reason(&check(HOLIDAY, "17:00")), "HOLIDAY");
    let past = check("2020-01-01", "17:00");
    assert_eq!(json_of(&past)["errors"][0]["field"], "date");
    assert_eq!(check(date, "16:30").status, 400);

    let available = |answer: &HttpResponse| -> Vec<Value> {
        let slots = data(answer)["slots"].as_array().unwrap().clone();
        assert_eq!(slots.len(), SLOTS);
        let free = slots.into_iter().filter(|one| one["available"] == true);
        free.map(|one| one["timeSlot"].clone()).collect()
    };
    let slots = ask(
        &pupil,
        "available-time-slots",
        &format!("{own}&{place}&date={date}"),
    );
    let free = available(&slots);
    assert!(
        free.len() == SLOTS - 1 && !free.contains(&json!("16:00")),
        "{free:?}"
    );
    let outside = ask(
        &pupil,
        "available-time-slots",
        &format!("{far}&date={date}"),
    );
    assert_eq!(
        (outside.status, &json_of(&outside)["code"]),
        (404, &json!("SERVICE_NOT_AVAILABLE"))
    );

    let own_time = trainer(holder);
    let taken = format!("date={date}&timeSlot=16:00");
    assert_eq!(
        reason(&ask(&own_time, "trainer-availability/check", &taken)),
        "SLOT_TAKEN"
    );
    let day = ask(
        &own_time,
        "trainer-availability/slots",
        &format!("date={date}"),
    );
    assert_eq!(data(&day)["trainerId"], json!(holder));
    assert_eq!(available(&day).len(), SLOTS - 1);
    let unknown = format!("trainerId={}&{taken}", Uuid::from_u128(0x99));
    assert_eq!(
        reason(&ask(&operator(), "trainer-availability/check", &unknown)),
        "NOT_ALLOCATABLE"
    );
    // Other users' places and times are private.
    assert_eq!(
        ask(&own_time, "trainer-availability/check", &unknown).status,
        403
    );
    let of_other = format!("{own}&{place}&studentId={}", Uuid::from_u128(8));
    assert_eq!(
        ask(&pupil, "check-course-availability", &of_other).status,
        403
    );
    assert_eq!(
        ask(&operator(), "check-course-availability", &of_other).status,
        200
    );
}

/// A student who asks for many places would find the homes of others by the answers.
pub(crate) async fn availability_hides_places_from_students_auth_5(app: TestApp) {
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let busy = app.grant(8, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", busy, 1);
    let date = app.sessions(busy)[0]["scheduledDate"].clone();
    let date = date.as_str().unwrap();
    // The place is farther from the home of the other student than a trainer may go between two
    // sessions.
    let ask = |token: &str, what: &str, query: &str| {
        let path = format!("/admin/allocations/{what}?courseId={COURSE}&date={date}{query}");
        let place = format!("&latitude={}&longitude={}", CENTRE.0 + 0.055, CENTRE.1);
        data(&app.get(&format!("{path}{place}"), token))
    };
    let check = |token: &str, slot: &str| {
        let query = format!("&timeSlot={slot}");
        ask(token, "availability/check", &query)["available"].clone()
    };
    let free = |token: &str| {
        let slots = ask(token, "available-time-slots", "")["slots"].clone();
        let slots = slots.as_array().unwrap().clone();
        slots.iter().filter(|one| one["available"] == true).count()
    };
    assert_eq!(check(&operator(), "17:00"), false);
    assert_eq!(check(&student(7), "17:00"), true);
    assert_eq!(check(&student(7), "16:00"), false);
    // The only trainer is near in no slot of the day.
    assert_eq!((free(&operator()), free(&student(7))), (0, SLOTS - 1));

    // The base of a trainer is outside of the radius of the place, in the same zone.
    let database = app.database().await;
    sql("UPDATE trainer_copies SET latitude = ?")
        .bind(CENTRE.0 - 0.08)
        .execute(&database)
        .await
        .unwrap();
    assert_eq!(check(&operator(), "18:00"), false);
    assert_eq!(check(&student(7), "18:00"), true);
    let body = json!({
        "latitude": CENTRE.0 + 0.055, "longitude": CENTRE.1, "courseId": COURSE,
        "timeslot": "18:00",
    });
    let public = data(&app.call("POST", "/check-service-availability", "", &body));
    assert_eq!(public["available"], true);
}

pub(crate) async fn other_trainer_continues_an_allocation_data_3(app: TestApp) {
    app.open_zone().await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    let pending = app.wait_for_allocation(owner, "pending");
    let id = pending["id"].as_str().unwrap().to_owned();
    let put = |body: &Value| {
        let path = format!("/admin/allocations/{id}");
        app.call("PUT", &path, &operator(), body)
    };
    let changed = data(&put(
        &json!({ "timeSlot": "17:00", "notes": "prefers evenings" }),
    ));
    assert_eq!(
        (
            &changed["status"],
            &changed["package"]["timeSlot"],
            &changed["notes"]
        ),
        (
            &json!("pending"),
            &json!("17:00"),
            &json!("prefers evenings")
        )
    );
    let first = app.approve(0x7a, 4.5).await;
    let approved = data(&put(&json!({ "trainerId": first })));
    assert_eq!(
        (
            &approved["status"],
            &approved["trainerId"],
            &approved["notes"]
        ),
        (
            &json!("approved"),
            &json!(first),
            &json!("prefers evenings")
        )
    );
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    assert!(
        app.sessions(owner)
            .iter()
            .all(|one| one["timeSlot"] == "17:00")
    );
    let late = put(&json!({ "timeSlot": "18:00" }));
    assert_eq!(json_of(&late)["errors"][0]["field"], "timeSlot");
    let status = put(&json!({ "status": "completed" }));
    assert_eq!(json_of(&status)["errors"][0]["field"], "status");

    // A trainer without time changes nothing.
    let second = app.approve(0x7b, 3.0).await;
    let other = app.grant(8, "17:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", other, 1);
    let refused = put(&json!({ "trainerId": second }));
    assert_eq!(
        (refused.status, &json_of(&refused)["code"]),
        (409, &json!("SLOT_TAKEN"))
    );
    assert_eq!(app.allocations(owner).len(), 1);
    let third = app.approve(0x7c, 2.0).await;
    let next = data(&put(&json!({ "trainerId": third })));
    assert!(next["id"] != json!(id), "{next}");
    assert_eq!(
        (&next["status"], &next["trainerId"], &next["sessionCount"]),
        (&json!("approved"), &json!(third), &json!(10))
    );
    app.wait_for_events("STUDENT_DEALLOCATED", owner, 1);
    let allocated = app.wait_for_events("TRAINER_ALLOCATED", owner, 2);
    assert_eq!(allocated["trainerId"], json!(third));
    app.wait_for_events("SESSIONS_GENERATED", owner, 2);
    assert_eq!(booked(&app).await, 20);
    assert_eq!(put(&json!({ "notes": "late" })).status, 409);
    app.check_invariants();

    // The refund of the payment ends the allocation that continues.
    app.publish(PaymentRefunded {
        payment_id: Uuid::from_u128(710),
        student_id: owner,
        course_id: COURSE,
        amount_cents: 1,
    })
    .await;
    app.wait_for_events("STUDENT_DEALLOCATED", owner, 2);
    assert_eq!(booked(&app).await, 10);
    app.check_invariants();
}

/// An administrator created the allocation before the student paid.
pub(crate) async fn payments_follow_a_replaced_trainer_data_3(app: TestApp) {
    app.open_zone().await;
    let first = app.approve(0x7a, 4.5).await;
    let owner = Uuid::from_u128(7);
    app.enrol([7]).await;
    let body = json!({
        "studentId": owner, "courseId": COURSE, "sessionCount": 10, "trainerId": first,
        "schedule": { "timeSlot": "17:00" },
        "location": { "latitude": CENTRE.0, "longitude": CENTRE.1 },
    });
    let created = data(&app.call("POST", "/admin/allocations", &operator(), &body));
    assert_eq!(
        (&created["status"], &created["purchaseId"]),
        (&json!("approved"), &Value::Null)
    );
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    app.grant(7, "17:00", 10, 10).await;
    wait_for("the purchase", || {
        (app.allocations(owner)[0]["purchaseId"] == json!(owner)).then_some(())
    });
    let second = app.approve(0x7b, 3.0).await;
    let path = format!("/admin/allocations/{}", created["id"].as_str().unwrap());
    let change = json!({ "trainerId": second });
    let next = data(&app.call("PUT", &path, &operator(), &change));
    assert_eq!(next["purchaseId"], json!(owner));
    let database = app.database().await;
    let (holder,): (Uuid,) =
        sql("SELECT allocation_id FROM allocation_payments WHERE payment_id = ?")
            .bind(Uuid::from_u128(710))
            .fetch_one(&database)
            .await
            .unwrap();
    assert_eq!(json!(holder), next["id"]);
    app.wait_for_events("SESSIONS_GENERATED", owner, 2);
    // An upgrade keeps the sessions of the first payment.
    app.grant(7, "17:00", 30, 20).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 3);
    assert_eq!(
        app.wait_for_allocation(owner, "approved")["sessionCount"],
        30
    );
    app.check_invariants();
    for payment in [730, 710] {
        app.publish(PaymentRefunded {
            payment_id: Uuid::from_u128(payment),
            student_id: owner,
            course_id: COURSE,
            amount_cents: 1,
        })
        .await;
    }
    app.wait_for_events("STUDENT_DEALLOCATED", owner, 2);
    assert_eq!(booked(&app).await, 0);
    app.check_invariants();
}

/// An odd number of sessions on Sundays is left, and the numbers decide which ones are online.
pub(crate) async fn other_trainer_continues_the_numbers_data_3(app: TestApp) {
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let owner = Uuid::from_u128(7);
    app.publish(CourseAccessGranted {
        purchase_id: owner,
        student_id: owner,
        course_id: COURSE,
        purchase_tier: 30,
        metadata: json!({
            "paymentId": Uuid::from_u128(730),
            "sessionCount": 30,
            "classType": "HYBRID",
            "deliveryMode": "SUNDAY_ONLY",
            "schedule": { "timeSlot": "17:00", "startDate": "2020-01-01" },
            "location": { "address": "1", "latitude": CENTRE.0, "longitude": CENTRE.1 },
        }),
    })
    .await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let allocation = app.wait_for_allocation(owner, "approved");
    let database = app.database().await;
    sql("UPDATE tutoring_sessions SET status = 'completed', confirmed_at = created_at WHERE session_number <= 7")
        .execute(&database)
        .await
        .unwrap();
    let second = app.approve(0x7b, 3.0).await;
    let path = format!("/admin/allocations/{}", allocation["id"].as_str().unwrap());
    let change = json!({ "trainerId": second });
    let next = data(&app.call("PUT", &path, &operator(), &change));
    assert_eq!(next["sessionCount"], 23);
    app.wait_for_events("SESSIONS_GENERATED", owner, 2);
    let sessions = app.sessions(owner);
    let of_next: Vec<_> = sessions
        .iter()
        .filter(|one| one["allocationId"] == next["id"])
        .map(|one| (one["sessionNumber"].clone(), one["mode"].clone()))
        .collect();
    let expected = (8..=30).map(|number| {
        let mode = if number % 2 == 0 { "online" } else { "home" };
        (json!(number), json!(mode))
    });
    assert_eq!(of_next, expected.collect::<Vec<_>>());
    app.check_invariants();
}

pub(crate) async fn ended_allocation_continues_with_its_package_data_3(app: TestApp) {
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "17:00", 10, 10).await;
    let allocation = app.wait_for_allocation(owner, "approved");
    let path = format!(
        "/admin/allocations/{}/cancel",
        allocation["id"].as_str().unwrap()
    );
    data(&app.call(
        "POST",
        &path,
        &operator(),
        &json!({ "reason": "a mistake" }),
    ));
    let create = |student: u128| {
        let body = json!({
            "studentId": Uuid::from_u128(student), "courseId": COURSE, "notes": "as before",
        });
        app.call("POST", "/admin/allocations", &operator(), &body)
    };
    let again = data(&create(7));
    assert_eq!(
        (&again["status"], &again["sessionCount"], &again["notes"]),
        (&json!("approved"), &json!(10), &json!("as before"))
    );
    assert_eq!(
        (&again["package"]["timeSlot"], &again["purchaseId"]),
        (&json!("17:00"), &allocation["purchaseId"])
    );
    assert_eq!(data(&create(7))["id"], again["id"]);
    assert_eq!(booked(&app).await, 10);
    app.enrol([8]).await;
    let unknown = create(8);
    assert_eq!(json_of(&unknown)["errors"][0]["field"], "schedule.timeSlot");
    app.check_invariants();
}
