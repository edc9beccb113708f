use serde_json::{Value, json};
use tutoring_contract::{
    Role,
    events::{CourseAccessGranted, StudentChanged},
};
use uuid::Uuid;

use crate::{
    app::{CENTRE, COURSE, TestApp, data, json_of, operator, student, token, trainer, wait_for},
    session_day::today,
};

/// Returns the fields that a response names.
fn fields(answer: &Value) -> Vec<String> {
    let errors = answer["errors"].as_array().unwrap().iter();
    let fields = errors.map(|error| error["field"].as_str().unwrap().to_owned());
    fields.collect()
}

/// A package whose sessions cannot be planned is rejected, and not kept as a pending allocation.
pub(crate) async fn package_without_dates_is_rejected_api_3(app: TestApp) {
    app.open_zone().await;
    app.enrol([9]).await;
    let place = json!({ "latitude": CENTRE.0, "longitude": CENTRE.1 });
    let post = |path: &str, body: &Value| json_of(&app.call("POST", path, &operator(), body));
    let new = |date: &str| {
        json!({
            "studentId": Uuid::from_u128(9), "courseId": COURSE, "sessionCount": 10,
            "deliveryMode": "SUNDAY_ONLY", "location": place,
            "schedule": { "timeSlot": "19:00", "startDate": date },
        })
    };
    let both = post("/admin/allocations", &new("9999-12-31"));
    assert_eq!(fields(&both), ["schedule.timeSlot", "schedule.startDate"]);
    let slot = post("/admin/allocations", &new(&TestApp::in_days(300)));
    assert_eq!(fields(&slot), ["schedule.timeSlot"]);
    let assign = json!({
        "studentId": Uuid::from_u128(9), "courseId": COURSE, "timeSlot": "16:00",
        "date": TestApp::in_days(367), "paymentMetadata": { "location": place },
    });
    let assigned = post("/admin/allocations/auto-assign", &assign);
    assert_eq!(fields(&assigned), ["schedule.startDate"]);

    // A pending allocation keeps its date.
    let owner = app.grant(7, "16:00", 10, 10).await;
    let pending = app.wait_for_allocation(owner, "pending");
    let path = format!("/admin/allocations/{}", pending["id"].as_str().unwrap());
    let date = json!({ "startDate": "9999-12-31" });
    let changed = app.call("PUT", &path, &operator(), &date);
    assert_eq!(fields(&json_of(&changed)), ["schedule.startDate"]);
    // A purchase is not checked after its payment. It waits for an operator.
    let far = Uuid::from_u128(8);
    app.publish(CourseAccessGranted {
        purchase_id: far,
        student_id: far,
        course_id: COURSE,
        purchase_tier: 10,
        metadata: json!({
            "paymentId": Uuid::from_u128(810), "sessionCount": 10, "location": place,
            "schedule": { "timeSlot": "16:00", "startDate": "9999-12-31" },
        }),
    })
    .await;
    let waiting = app.wait_for_allocation(far, "pending");
    assert_eq!(
        waiting["reason"],
        "no free dates are left for the sessions within two years"
    );
}

/// An allocation of an administrator needs a student, a course and a trainer that exist.
pub(crate) async fn allocation_of_unknown_ids_is_rejected_api_1(app: TestApp) {
    app.open_zone().await;
    let first = app.approve(0x7a, 4.5).await;
    let create = |changes: &Value| {
        let mut body = json!({
            "studentId": Uuid::from_u128(9), "courseId": COURSE, "sessionCount": 10,
            "schedule": { "timeSlot": "16:00" },
            "location": { "latitude": CENTRE.0, "longitude": CENTRE.1 },
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        app.call("POST", "/admin/allocations", &operator(), &body)
    };
    let unknown = create(&json!({}));
    assert_eq!(unknown.status, 404, "{}", unknown.body);
    // The message about the account has no place.
    app.publish(StudentChanged {
        student_id: Uuid::from_u128(9),
        version: 1,
        snapshot: json!({ "status": "verified" }),
    })
    .await;
    for member in ["courseId", "trainerId"] {
        let message = format!("this {} does not exist", member.trim_end_matches("Id"));
        wait_for("the student", || {
            let unknown = create(&json!({ member: Uuid::from_u128(0x99) }));
            assert_eq!(unknown.status, 404, "{}", unknown.body);
            (json_of(&unknown)["message"] == json!(message)).then_some(())
        });
    }
    assert!(app.allocations(Uuid::from_u128(9)).is_empty());
    // The slot of the trainer is taken.
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("TRAINER_ALLOCATED", owner, 1);
    let taken = create(&json!({ "trainerId": first }));
    assert_eq!(
        (taken.status, &json_of(&taken)["code"]),
        (409, &json!("SLOT_TAKEN"))
    );
    assert!(app.allocations(Uuid::from_u128(9)).is_empty());
    let other = json!({ "trainerId": first, "schedule": { "timeSlot": "17:00" } });
    assert_eq!(data(&create(&other))["status"], "approved");
    app.check_invariants();
}

/// The permission of a caller is checked before the parameters.
pub(crate) async fn bad_parameters_are_named_at_once_api_3(app: TestApp) {
    let own = trainer(Uuid::from_u128(0x7a));
    let without = token(Uuid::from_u128(2), Role::Admin, &["coins:write"]);
    for (path, caller, missing) in [
        (
            "availability/check",
            &operator(),
            &["courseId", "date", "timeSlot"][..],
        ),
        (
            "available-time-slots",
            &student(7),
            &["courseId", "date"][..],
        ),
        ("check-course-availability", &student(7), &["courseId"][..]),
        (
            "trainer-availability/check",
            &operator(),
            &["trainerId", "date", "timeSlot"][..],
        ),
        (
            "trainer-availability/check",
            &own,
            &["date", "timeSlot"][..],
        ),
        (
            "trainer-availability/slots",
            &operator(),
            &["trainerId", "date"][..],
        ),
    ] {
        let path = format!("/admin/allocations/{path}");
        let mut named = fields(&json_of(&app.get(&path, caller)));
        named.sort_by_key(|field| missing.iter().position(|one| *one == field.as_str()));
        assert_eq!(named, missing, "{path}");
        assert_eq!(app.get(&path, &without).status, 403, "{path}");
    }
    // A text that is not an ID has no entity.
    for path in ["student", "trainer"] {
        let path = format!("/admin/allocations/{path}/asha");
        assert_eq!(app.get(&path, &operator()).status, 404, "{path}");
        assert_eq!(app.get(&path, &without).status, 403, "{path}");
        assert_eq!(app.get(&path, &student(7)).status, 403, "{path}");
    }
    // A package or a coupon that is not accepted has its field.
    let price = |query: &str| {
        let path = format!("/pricing/calculate?classType=ONE_ON_ONE&{query}");
        fields(&json_of(&app.get(&path, "")))
    };
    assert_eq!(price("sessionCount=11"), ["sessionCount"]);
    assert_eq!(price("couponCode=none"), ["couponCode"]);
    let switch = json!({ "enable_sunday_focus": false });
    assert_eq!(
        app.call("PUT", "/feature-flags", &operator(), &switch)
            .status,
        200
    );
    assert_eq!(price("deliveryMode=SUNDAY_ONLY"), ["deliveryMode"]);
    let code = json!({ "code": "none" });
    let checked = app.call("POST", "/coupons/validate", &student(7), &code);
    assert_eq!(fields(&json_of(&checked)), ["code"]);
}

/// A future session cannot be marked `present`, and no session can be moved to its own time.
pub(crate) async fn later_session_is_not_present_or_moved_to_itself_api_3(app: TestApp) {
    let (owner, holder, id) = today(&app).await;
    let sessions = app.sessions(owner);
    let attend = |session: &Value, status: &str| {
        let body = json!({ "sessionId": session, "status": status });
        app.call("POST", "/trainer-attendance", &trainer(holder), &body)
    };
    assert_eq!(attend(&json!(id), "present").status, 200);
    let later = attend(&sessions[5]["id"], "present");
    assert_eq!(fields(&json_of(&later)), ["status"]);
    assert_eq!(attend(&sessions[5]["id"], "absent").status, 200);

    let ask = |time: &str| {
        let body = json!({
            "sessionId": sessions[9]["id"], "newDate": sessions[9]["scheduledDate"],
            "newTime": time, "reason": "a feast",
        });
        app.call("POST", "/admin/reschedule", &student(7), &body)
    };
    assert_eq!(fields(&json_of(&ask("16:00"))), ["newDate"]);
    let request = data(&ask("17:00"));
    let path = format!("/admin/reschedule/{}", request["id"].as_str().unwrap());
    let back = app.call("PUT", &path, &student(7), &json!({ "newTime": "16:00" }));
    assert_eq!(fields(&json_of(&back)), ["newDate"]);
}
