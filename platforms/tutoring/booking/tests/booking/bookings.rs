use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{CENTRE, COURSE, TestApp, data, json_of, operator, service_token, student};

/// A day that is not a Sunday.
const START: &str = "2027-03-01";

fn booking_request(mode: &str, students: &[u128]) -> Value {
    let ids: Vec<_> = students.iter().map(|id| Uuid::from_u128(*id)).collect();
    json!({
        "address": "1", "latitude": CENTRE.0, "longitude": CENTRE.1, "courseId": COURSE,
        "timeslot": "16:00", "mode": mode, "groupSize": students.len() + 1, "sessionCount": 30,
        "startDate": START, "studentIds": ids,
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
        "totalSessions": 30, "deliveryMode": "WEEKDAY_DAILY", "startDate": START,
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
    for wrong in [
        json!({ "bookingId": Uuid::from_u128(1) }),
        json!({ "courseId": Uuid::from_u128(1) }),
        json!({ "totalSessions": 25 }),
    ] {
        assert_eq!(assign(wrong)["status"], "INVALID_PURCHASE");
    }
    let far = json!({ "studentLocation": { "latitude": 0, "longitude": 0 } });
    assert_eq!(assign(far)["status"], "SERVICE_NOT_AVAILABLE");
    assert!(app.allocations(Uuid::from_u128(7)).is_empty());
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
    let retried = app.call(
        "POST",
        "/admin/allocations/retry-auto-assign",
        &operator(),
        &json!({}),
    );
    assert_eq!(retried.status, 200, "{}", retried.body);
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
        schedule[0],
        json!({ "sessionNumber": 1, "date": START, "timeSlot": "16:00" })
    );
    assert_eq!(assign(json!({}))["allocationId"], waiting["allocationId"]);
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
