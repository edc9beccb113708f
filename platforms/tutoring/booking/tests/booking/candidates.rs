use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{CENTRE, COURSE, TestApp, data, operator};

/// The kilometres of a degree of latitude.
const KM_PER_DEGREE: f64 = 111.195;
/// The operator that the service notifies.
const OPERATOR: Uuid = Uuid::from_u128(1);

/// Allocates 10 sessions at a distance from the centre of the zone, in km.
async fn allocate(app: &TestApp, student: u128, slot: &str, km: f64, more: &Value) -> Value {
    app.enrol([student]).await;
    let latitude = CENTRE.0 + km / KM_PER_DEGREE;
    let mut body = json!({
        "studentId": Uuid::from_u128(student), "courseId": COURSE, "sessionCount": 10,
        "schedule": { "timeSlot": slot },
        "location": { "latitude": latitude, "longitude": CENTRE.1 },
    });
    let members = body.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    data(&app.call("POST", "/admin/allocations", &operator(), &body))
}

/// Returns the rejections of a pending allocation.
fn rejections(app: &TestApp, pending: &Value) -> Vec<Value> {
    assert_eq!(pending["status"], "pending", "{pending}");
    assert_eq!(pending["reason"], "no trainer meets all conditions");
    let path = format!(
        "/admin/allocations/{}/refusals",
        pending["id"].as_str().unwrap()
    );
    let list = data(&app.get(&path, &operator()));
    list.as_array().unwrap().clone()
}

/// Returns the titles and the data of the notifications of the operator.
fn notices(app: &TestApp, count: usize) -> Vec<(Value, Value)> {
    app.wait_for_events("NOTIFICATION_REQUESTED", OPERATOR, count);
    let events = app.events_of("NOTIFICATION_REQUESTED", OPERATOR);
    let parts = |event: &Value| (event["title"].clone(), event["data"].clone());
    events.iter().map(parts).collect()
}

/// The zone has a radius of 10 km. From one session to the next, a trainer goes at most 5 km.
pub(crate) async fn trainer_does_not_travel_far_between_sessions_api_1(app: TestApp) {
    app.open_zone().await;
    let trainer = app.approve(0x7a, 4.5).await;
    let first = allocate(&app, 11, "16:00", 0.0, &json!({})).await;
    assert_eq!(first["status"], "approved");
    for (student, slot) in [(12, "17:00"), (13, "15:00")] {
        let far = allocate(&app, student, slot, 6.0, &json!({})).await;
        let rejected = rejections(&app, &far);
        assert_eq!(rejected[0]["trainerId"], json!(trainer));
        assert_eq!(rejected[0]["reason"], "SEQUENCE_TOO_FAR");
        let detail = rejected[0]["detail"].as_str().unwrap();
        assert!(detail.starts_with("6.0 km on "), "{detail}");
    }
    let near = allocate(&app, 14, "17:00", 4.0, &json!({})).await;
    assert_eq!(near["trainerId"], json!(trainer));
}

pub(crate) async fn trainer_has_the_preferred_gender_api_1(app: TestApp) {
    app.open_zone().await;
    let trainer = app.approve(0x7a, 4.5).await;
    let preferred = |gender: &str| json!({ "preferredTrainerGender": gender });
    let pending = allocate(&app, 11, "16:00", 0.0, &preferred("male")).await;
    let rejected = rejections(&app, &pending);
    assert_eq!(
        (&rejected[0]["trainerId"], &rejected[0]["reason"]),
        (&json!(trainer), &json!("GENDER_PREFERENCE"))
    );
    let approved = allocate(&app, 12, "16:00", 0.0, &preferred("female")).await;
    assert_eq!(approved["trainerId"], json!(trainer));
}

pub(crate) async fn allocation_without_place_is_pending_api_1(app: TestApp) {
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let without = json!({ "location": null });
    let pending = allocate(&app, 11, "16:00", 0.0, &without).await;
    assert_eq!(pending["status"], "pending");
    let reason = "location is required: the student has no location";
    assert_eq!(pending["reason"], reason);
    let details = json!({ "allocationId": pending["id"], "reason": reason });
    assert_eq!(
        notices(&app, 1),
        [(json!("Allocation is pending"), details)]
    );
}

pub(crate) async fn operator_is_notified_of_six_students_api_1(app: TestApp) {
    app.open_zone().await;
    let trainer = app.approve(0x7a, 4.5).await;
    for student in 11..=17 {
        let slot = format!("{:02}:00", student - 5);
        let approved = allocate(&app, student, &slot, 0.0, &json!({})).await;
        assert_eq!(approved["trainerId"], json!(trainer));
    }
    let pending = allocate(&app, 18, "13:00", 0.0, &json!({})).await;
    let rejected = rejections(&app, &pending);
    assert_eq!(
        (&rejected[0]["reason"], &rejected[0]["detail"]),
        (&json!("AT_CAPACITY"), &json!("7 students"))
    );
    let sent = notices(&app, 2);
    let many = json!({ "trainerId": trainer, "students": 6 });
    assert_eq!(sent[0], (json!("Trainer with many students"), many));
    assert_eq!(sent[1].0, "Allocation is pending");
    assert_eq!(sent.len(), 2);
}

/// All trainers meet the conditions that are checked without a lock.
pub(crate) async fn allocation_tries_ten_candidates_api_1(app: TestApp) {
    const TRAINERS: u128 = 12;
    app.open_zone().await;
    for id in 0..TRAINERS {
        app.approve(0x100 + id, 4.5).await;
    }
    for id in 0..TRAINERS {
        let near = allocate(&app, 11 + id, "16:00", 0.0, &json!({})).await;
        assert_eq!(near["status"], "approved");
    }
    let far = allocate(&app, 11 + TRAINERS, "17:00", 6.0, &json!({})).await;
    let rejected = rejections(&app, &far);
    let count = |reason: &str| {
        rejected
            .iter()
            .filter(|one| one["reason"] == reason)
            .count()
    };
    assert_eq!(count("SEQUENCE_TOO_FAR"), 10);
    assert_eq!(count("NOT_TRIED"), 2);
    assert_eq!(rejected.len(), 12);
}
