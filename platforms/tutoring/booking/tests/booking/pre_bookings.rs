use jiff::civil::Weekday;
use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{CENTRE, COURSE, TestApp, data, student};

fn pre_book(app: &TestApp, id: u128, slot: &str) -> Value {
    let body = json!({
        "address": "1", "latitude": CENTRE.0, "longitude": CENTRE.1, "courseId": COURSE,
        "timeslot": slot, "mode": "1on1", "groupSize": 1, "sessionCount": 10,
        "startDate": TestApp::later(Weekday::Monday),
    });
    data(&app.call("POST", "/create-prebooking", &student(id), &body))
}

/// Returns the pre-bookings of a slot that the service counts.
fn counted(app: &TestApp, slot: &str) -> Value {
    let path = format!("/pre-bookings/capacity?courseId={COURSE}&timeslot={slot}");
    data(&app.get(&path, ""))["currentCount"].clone()
}

async fn status(app: &TestApp, id: u128) -> String {
    let database = app.database().await;
    let (status,): (String,) = sql("SELECT status FROM pre_bookings WHERE student_id = ?")
        .bind(Uuid::from_u128(id))
        .fetch_one(&database)
        .await
        .unwrap();
    status
}

/// A pre-booking that cannot be ended does not block the others.
pub(crate) async fn ended_pre_booking_frees_its_capacity_data_3(app: TestApp) {
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    for (id, slot) in [(7, "16:00"), (8, "17:00"), (9, "18:00"), (10, "18:00")] {
        pre_book(&app, id, slot);
    }
    assert_eq!(counted(&app, "16:00"), 1);
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    assert_eq!(status(&app, 7).await, "converted");
    assert_eq!(counted(&app, "16:00"), 0);
    let database = app.database().await;
    for (id, hours) in [(7, -3), (8, -2), (9, -1), (10, 1)] {
        sql("UPDATE pre_bookings SET expires_at = ? WHERE student_id = ?")
            .bind(Utc::now() + TimeDelta::hours(hours))
            .bind(Uuid::from_u128(id))
            .execute(&database)
            .await
            .unwrap();
    }
    let count = async |pre_bookings: i64| {
        sql("UPDATE pre_booking_capacity SET current_count = ? WHERE timeslot = '17:00'")
            .bind(pre_bookings)
            .execute(&database)
            .await
            .unwrap();
    };
    // The count cannot become negative.
    count(0).await;
    app.run_worker("expire pre-bookings");
    count(1).await;
    assert_eq!(status(&app, 8).await, "pending");
    assert_eq!(status(&app, 9).await, "expired");
    assert_eq!(counted(&app, "18:00"), 1);
    app.run_worker("expire pre-bookings");
    assert_eq!(status(&app, 8).await, "expired");
    assert_eq!(counted(&app, "17:00"), 0);
    for (id, known) in [(7, "converted"), (10, "pending")] {
        assert_eq!(status(&app, id).await, known);
    }
    // The student can pre-book again, in another slot.
    let again = pre_book(&app, 9, "17:00");
    assert_eq!(again["capacityRemaining"], 9);
    app.check_invariants();
}
