use seaworthy::data::sql;
use serde_json::{Value, json};
use tutoring_contract::{AdminRole, Role, Subject, Territory};
use tutoring_testkit::{district_token, sign};
use uuid::Uuid;

use crate::{
    app::{CENTRE, COURSE, DISTRICT, PERMISSIONS, TestApp, data, json_of, operator, student},
    session_day::today,
};

/// Another district than that of the zone.
const ELSEWHERE: (&str, &str) = ("Karnataka", "Kodagu");

fn admin_of(district: (&str, &str)) -> String {
    district_token(Uuid::from_u128(2), &PERMISSIONS, district)
}

/// Returns the token of an administrator with levels of a territory.
fn admin_within(role: AdminRole, territory: Territory) -> String {
    sign(&Subject {
        id: Uuid::from_u128(3),
        role: Role::Admin,
        admin_roles: vec![role],
        permissions: PERMISSIONS.map(str::to_owned).to_vec(),
        territory,
        email: None,
        phone: None,
    })
}

/// Returns the number of items that a list shows.
fn total(app: &TestApp, path: &str, token: &str) -> Value {
    let shown = app.get(path, token);
    assert_eq!(shown.status, 200, "{path}: {}", shown.body);
    data(&shown)["pagination"]["total"].clone()
}

/// A student with sessions, a request of another time, a substitution, a review and a journey.
/// Lists of an administrator of another district are empty, and all other routes refuse.
pub(crate) async fn territory_limits_every_route_auth_5(app: TestApp) {
    let (owner, holder, session) = today(&app).await;
    let trainer = crate::app::trainer(holder);
    let sessions = app.sessions(owner);
    let (within, outside) = (admin_of(DISTRICT), admin_of(ELSEWHERE));
    let allocation = app.allocations(owner)[0]["id"].as_str().unwrap().to_owned();
    let request = json!({
        "sessionId": sessions[9]["id"], "newDate": sessions[9]["scheduledDate"],
        "newTime": "18:00", "reason": "a feast",
    });
    let request = data(&app.call("POST", "/admin/reschedule", &student(7), &request));
    let database = app.database().await;
    let substitution = Uuid::from_u128(0x50);
    sql("INSERT INTO substitutions (id, session_date, original_trainer_id, student_id, substitute_trainer_id, session_id, created_by, created_at) SELECT ?, '2099-01-05', trainer_id, student_id, trainer_id, id, trainer_id, created_at FROM tutoring_sessions WHERE session_number = 2")
        .bind(substitution)
        .execute(&database)
        .await
        .unwrap();
    sql("INSERT INTO session_reviews (id, session_id, review_type, reviewer_id, rating_halves, created_at) SELECT id, id, 'student', student_id, 9, created_at FROM tutoring_sessions WHERE session_number = 3")
        .execute(&database)
        .await
        .unwrap();
    let journey = json!({ "sessionId": session });
    let journey = data(&app.call("POST", "/admin/journeys/start", &trainer, &journey));
    let journey = journey["journeyId"].as_str().unwrap().to_owned();

    let lists = [
        "/admin/allocations".to_owned(),
        "/admin/allocations?status=approved".to_owned(),
        format!("/admin/allocations/student/{owner}"),
        format!("/admin/allocations/trainer/{holder}"),
        format!("/admin/sessions/student/{owner}"),
        format!("/admin/sessions/trainer/{holder}"),
        "/admin/reschedule".to_owned(),
        "/admin/reschedule?status=pending".to_owned(),
        "/admin/substitutions".to_owned(),
        "/admin/reviews".to_owned(),
    ];
    for path in &lists {
        let all = total(&app, path, &operator());
        assert_ne!(all, 0, "{path}");
        assert_eq!(total(&app, path, &within), all, "{path}");
        assert_eq!(total(&app, path, &outside), 0, "{path}");
    }
    let demand =
        |token: &str| data(&app.get("/trainer-demand?city=Mysuru", token))["zones"].clone();
    assert_eq!(
        (demand(&within).as_array().unwrap().len(), demand(&outside)),
        (1, json!([]))
    );

    let place = format!(
        "courseId={COURSE}&latitude={}&longitude={}",
        CENTRE.0, CENTRE.1
    );
    let (date, reason) = (TestApp::in_days(300), json!({ "reason": "ill" }));
    let no = json!({ "rejectionReason": "no" });
    let id = request["id"].as_str().unwrap();
    let package = json!({
        "studentId": Uuid::from_u128(9), "courseId": COURSE, "sessionCount": 10,
        "schedule": { "timeSlot": "16:00" },
        "location": { "latitude": CENTRE.0, "longitude": CENTRE.1 },
    });
    for (student, place) in [(9, CENTRE), (12, (0.0, 0.0))] {
        sql("INSERT INTO student_copies (student_id, version, latitude, longitude) VALUES (?, 1, ?, ?)")
            .bind(Uuid::from_u128(student))
            .bind(place.0)
            .bind(place.1)
            .execute(&database)
            .await
            .unwrap();
    }
    // The place in the request does not bring a student into a territory.
    for student in [11, 12] {
        let mut taken = package.clone();
        taken["studentId"] = json!(Uuid::from_u128(student));
        let refused = app.call("POST", "/admin/allocations", &within, &taken);
        assert_eq!(refused.status, 403, "{student}: {}", refused.body);
    }
    // The open allocation of the student decides, not the location in the request.
    let mut known = package.clone();
    known["studentId"] = json!(owner);
    known["location"] = json!({ "latitude": 0, "longitude": 0 });
    let assign = json!({
        "studentId": Uuid::from_u128(9), "courseId": COURSE, "timeSlot": "16:00", "date": date,
        "paymentMetadata": { "location": package["location"] },
    });
    let attendance = json!({ "sessionId": session, "status": "present" });
    let substitute = json!({
        "sessionDate": sessions[5]["scheduledDate"], "originalTrainerId": holder,
        "studentId": owner, "substituteTrainerId": Uuid::from_u128(0x7b),
    });
    let was_held = json!({ "wasHeld": true, "reason": "seen" });
    let none = Value::Null;
    let routes = [
        ("GET", format!("/admin/allocations/{allocation}"), &none),
        (
            "GET",
            format!("/admin/allocations/{allocation}/refusals"),
            &none,
        ),
        (
            "GET",
            format!("/admin/allocations/availability/check?{place}&date={date}&timeSlot=16:00"),
            &none,
        ),
        (
            "GET",
            format!("/admin/allocations/available-time-slots?{place}&date={date}"),
            &none,
        ),
        (
            "GET",
            format!("/admin/allocations/check-course-availability?{place}"),
            &none,
        ),
        (
            "GET",
            format!(
                "/admin/allocations/trainer-availability/check?trainerId={holder}&date={date}&timeSlot=16:00"
            ),
            &none,
        ),
        (
            "GET",
            format!("/admin/allocations/trainer-availability/slots?trainerId={holder}&date={date}"),
            &none,
        ),
        ("GET", format!("/trainer-schedule/{holder}"), &none),
        ("GET", format!("/admin/sessions/{session}"), &none),
        ("GET", format!("/admin/journeys/{journey}/live"), &none),
        ("POST", "/trainer-attendance".to_owned(), &attendance),
        (
            "POST",
            format!("/admin/sessions/{session}/resolve"),
            &was_held,
        ),
        ("POST", format!("/admin/reschedule/{id}/approve"), &none),
        ("POST", format!("/admin/reschedule/{id}/reject"), &no),
        (
            "DELETE",
            format!("/admin/substitutions/{substitution}"),
            &none,
        ),
        ("POST", "/admin/substitutions".to_owned(), &substitute),
        ("POST", "/admin/allocations".to_owned(), &package),
        ("POST", "/admin/allocations".to_owned(), &known),
        ("POST", "/admin/allocations/auto-assign".to_owned(), &assign),
        ("PUT", format!("/admin/allocations/{allocation}"), &reason),
        (
            "POST",
            format!("/admin/allocations/{allocation}/create-sessions"),
            &none,
        ),
        (
            "POST",
            format!("/admin/allocations/{allocation}/fix-sessions"),
            &none,
        ),
        (
            "POST",
            format!("/admin/allocations/{allocation}/approve"),
            &none,
        ),
        (
            "POST",
            format!("/admin/allocations/{allocation}/reject"),
            &no,
        ),
        ("POST", format!("/admin/sessions/{session}/cancel"), &reason),
        (
            "POST",
            format!("/admin/allocations/{allocation}/cancel"),
            &reason,
        ),
    ];
    for (method, path, body) in &routes {
        let refused = app.call(method, path, &outside, body);
        let code = json_of(&refused)["code"].clone();
        assert_eq!(
            (refused.status, &code),
            (403, &json!("FORBIDDEN")),
            "{method} {path}"
        );
    }
    // The second trainer is unknown, and so outside of every territory.
    for (method, path, body) in &routes {
        let answer = app.call(method, path, &within, body);
        let is_unknown = path == "/admin/substitutions";
        assert_eq!(
            answer.status == 403,
            is_unknown,
            "{method} {path}: {}",
            answer.body
        );
    }

    // Batches change only the own district.
    let waiting = app.grant(8, "16:00", 10, 10).await;
    let pending = app.wait_for_allocation(waiting, "approved");
    app.wait_for_events("SESSIONS_GENERATED", waiting, 1);
    sql("DELETE FROM tutoring_sessions WHERE allocation_id = ?")
        .bind(pending["id"].as_str().unwrap().parse::<Uuid>().unwrap())
        .execute(&database)
        .await
        .unwrap();
    let create = |token: &str| {
        let path = "/admin/allocations/create-pending-sessions";
        data(&app.call("POST", path, token, &json!({})))["created"].clone()
    };
    assert_eq!((create(&outside), create(&within)), (json!(0), json!(10)));
    let other = app.grant(10, "06:00", 10, 10).await;
    app.wait_for_allocation(other, "approved");
    sql("UPDATE allocations SET status = 'pending' WHERE student_id = ?")
        .bind(other)
        .execute(&database)
        .await
        .unwrap();
    let retry = |token: &str| {
        let path = "/admin/allocations/retry-auto-assign";
        app.call("POST", path, token, &json!({}))
    };
    assert_eq!(data(&retry(&outside))["approved"], json!([]));
}

/// Prices and holidays hold in all places. Cities, zones and clusters decide what belongs to a
/// territory. Only super admins see and change them.
pub(crate) async fn territory_limits_places_and_prices_auth_5(app: TestApp) {
    app.open_zone().await;
    let within = admin_of(DISTRICT);
    let status =
        |method: &str, path: &str, body: &Value| app.call(method, path, &within, body).status;
    let centre = json!({ "latitude": CENTRE.0, "longitude": CENTRE.1 });
    let (state, district) = DISTRICT;
    let city = json!({ "name": "Hunsur", "state": state, "district": district, "centre": centre });
    let made = app.call("POST", "/cities", &operator(), &city);
    assert_eq!(made.status, 201, "{}", made.body);
    let city = json!({ "name": "Nowhere", "state": state, "district": district, "centre": centre });
    let zone = json!({
        "cityId": data(&made)["id"], "name": "West",
        "centre": { "latitude": 1, "longitude": 1 }, "radiusKm": 1,
    });
    let empty = json!({ "name": "Nowhere", "state": " ", "centre": centre });
    assert_eq!(app.call("POST", "/cities", &operator(), &empty).status, 400);
    let holiday = json!({ "date": "2099-01-01", "name": "New Year" });
    let price = json!({
        "classType": "ONE_ON_ONE", "sessionCount": 30, "basePriceMinor": 1,
        "gstPercentage": 18, "couponMinor": 0, "dealMinor": 0,
    });
    let coupon = json!({
        "code": "OWN", "type": "school", "discountType": "fixed", "discountValue": 1,
        "maxRedemptions": 1, "validFrom": "2020-01-01T00:00:00Z",
        "validUntil": "2099-01-01T00:00:00Z",
    });
    let switch = json!({ "summer_pricing_enabled": true });
    for (method, path, body) in [
        ("POST", "/cities", &city),
        ("POST", "/zones", &zone),
        ("POST", "/clusters", &zone),
        ("POST", "/holidays", &holiday),
        ("PUT", "/pricing", &price),
        ("POST", "/coupons", &coupon),
        ("PUT", "/feature-flags", &switch),
        ("GET", "/pricing", &Value::Null),
        ("GET", "/coupons", &Value::Null),
    ] {
        assert_eq!(status(method, path, body), 403, "{path}");
    }
}

/// A zone is a part of a district, and a cluster is a locality of it.
pub(crate) async fn zone_and_locality_limit_administrators_auth_5(app: TestApp) {
    app.open_zone().await;
    let near = json!({ "latitude": CENTRE.0, "longitude": CENTRE.1 });
    let zone = data(&app.get(
        &format!("/zones-by-location?lat={}&lng={}", CENTRE.0, CENTRE.1),
        "",
    ));
    let zone = zone[0].clone();
    let cluster = json!({ "cityId": zone["cityId"], "name": "Kuvempunagar", "centre": near });
    assert_eq!(
        app.call("POST", "/clusters", &operator(), &cluster).status,
        201
    );
    app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    let allocated = app.wait_for_events("TRAINER_ALLOCATED", owner, 1);
    let expected = json!({
        "state": DISTRICT.0, "district": DISTRICT.1, "zone": zone["id"],
        "locality": "Kuvempunagar",
    });
    assert_eq!(allocated["territory"], expected);
    let level = |name: &str, value: &Value| {
        let mut territory = expected.clone();
        territory[name] = value.clone();
        serde_json::from_value::<Territory>(territory).unwrap()
    };
    let other_zone = json!(Uuid::from_u128(1));
    for (role, territory, count) in [
        (AdminRole::StateAdmin, level("district", &Value::Null), 1),
        (AdminRole::ZoneAdmin, level("locality", &Value::Null), 1),
        (AdminRole::ZoneAdmin, level("zone", &other_zone), 0),
        (AdminRole::ZoneAdmin, level("zone", &json!("East")), 0),
        (
            AdminRole::LocalitySupervisor,
            level("locality", &json!(" kuvempunagar")),
            1,
        ),
        (
            AdminRole::LocalitySupervisor,
            level("locality", &json!("Jayanagar")),
            0,
        ),
        (AdminRole::StateAdmin, Territory::default(), 0),
    ] {
        let token = admin_within(role, territory.clone());
        assert_eq!(
            total(&app, "/admin/allocations", &token),
            count,
            "{territory:?}"
        );
        let path = format!(
            "/admin/allocations/{}",
            allocated["allocationId"].as_str().unwrap()
        );
        let expected = if count == 1 { 200 } else { 403 };
        assert_eq!(app.get(&path, &token).status, expected, "{territory:?}");
    }
}
