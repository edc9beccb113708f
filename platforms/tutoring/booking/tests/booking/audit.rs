use seaworthy::data::sql;
use serde_json::{Value, json};
use tutoring_testkit::{audit_entries, audited_change as change};
use uuid::Uuid;

use crate::app::{CENTRE, COURSE, TestApp, data, operator, wait_for};

/// Returns the entries of an action of the operator in order.
pub(crate) async fn entries(app: &TestApp, action: &str) -> Vec<Value> {
    let entries = audit_entries(&app.database().await, action).await;
    let own = json!(Uuid::from_u128(1));
    let is_own = entries.iter().all(|entry| entry["actor"] == own);
    assert!(is_own, "{entries:?}");
    entries
}

/// Each write of an administrator has an entry with the fields before and after it.
pub(crate) async fn admin_writes_have_entries_with_old_values_obs_8(app: TestApp) {
    let post = |path: &str, body: &Value| data(&app.call("POST", path, &operator(), body));
    app.open_zone().await;
    let created = entries(&app, "zone.create").await;
    assert_eq!(created[0]["before"], "null");

    // A pending allocation that is retried.
    let owner = app.grant(7, "16:00", 10, 10).await;
    let pending = app.wait_for_allocation(owner, "pending");
    let id = pending["id"].as_str().unwrap().to_owned();
    let trainer = app.approve(0x7a, 4.5).await;
    wait_for("the trainer", || {
        let retried = post("/admin/allocations/retry-auto-assign", &json!({}));
        (retried["approved"] == json!([id])).then_some(())
    });
    let retried = entries(&app, "allocation.retry").await;
    assert_eq!(retried.len(), 1);
    assert_eq!(
        change(&retried[0], "status"),
        (json!("pending"), json!("approved"))
    );
    assert_eq!(
        change(&retried[0], "trainerId"),
        (Value::Null, json!(trainer))
    );

    // Sessions that are created again, by each of the three routes.
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let database = app.database().await;
    for path in [
        format!("/admin/allocations/{id}/create-sessions"),
        format!("/admin/allocations/{id}/fix-sessions"),
        "/admin/allocations/create-pending-sessions".to_owned(),
    ] {
        sql("DELETE FROM tutoring_sessions WHERE session_number > 8")
            .execute(&database)
            .await
            .unwrap();
        assert_eq!(post(&path, &json!({}))["created"], 2, "{path}");
    }
    let created = entries(&app, "allocation.create_sessions").await;
    assert_eq!(created.len(), 3);
    for entry in &created {
        assert_eq!(change(entry, "sessionCount"), (json!(8), json!(10)));
        assert_eq!(entry["permission"], "allocation:write");
    }

    // A session and its allocation.
    let session = app.sessions(owner)[3]["id"].as_str().unwrap().to_owned();
    let attendance = json!({ "sessionId": session, "status": "absent" });
    for status in [Value::Null, json!("absent")] {
        let stored = app.call("POST", "/trainer-attendance", &operator(), &attendance);
        assert_eq!(stored.status, 200, "{}", stored.body);
        let stored = entries(&app, "session.attendance").await;
        assert_eq!(
            change(stored.last().unwrap(), "attendance"),
            (status, json!("absent"))
        );
    }
    let reason = json!({ "reason": "ill" });
    post(&format!("/admin/sessions/{session}/cancel"), &reason);
    let cancelled = entries(&app, "session.cancel").await;
    assert_eq!(
        change(&cancelled[0], "status"),
        (json!("scheduled"), json!("cancelled"))
    );
    let put = |path: &str, body: &Value| app.call("PUT", path, &operator(), body);
    let disputed = app.sessions(owner)[5]["id"].as_str().unwrap().to_owned();
    sql("UPDATE tutoring_sessions SET status = 'disputed' WHERE session_number = 6")
        .execute(&database)
        .await
        .unwrap();
    let absent = json!({ "wasHeld": false, "reason": "no trainer came" });
    post(&format!("/admin/sessions/{disputed}/resolve"), &absent);
    let resolved = entries(&app, "session.resolve").await;
    assert_eq!(
        change(&resolved[0], "status"),
        (json!("disputed"), json!("cancelled"))
    );
    // The other systems get the decision, too.
    let published = app.wait_for_override("session.resolve");
    assert_eq!(
        (
            &published["targetId"],
            &published["changes"]["status"],
            &published["reason"]
        ),
        (&json!(disputed), &json!("cancelled"), &absent["reason"])
    );
    let notes = json!({ "notes": "calls in the evening" });
    assert_eq!(put(&format!("/admin/allocations/{id}"), &notes).status, 200);
    let changed = entries(&app, "allocation.change").await;
    assert_eq!(
        change(&changed[0], "notes"),
        (Value::Null, notes["notes"].clone())
    );
    post(&format!("/admin/allocations/{id}/cancel"), &reason);
    let cancelled = entries(&app, "allocation.cancel").await;
    assert_eq!(
        change(&cancelled[0], "status"),
        (json!("approved"), json!("cancelled"))
    );
    assert_eq!(cancelled[0]["reason"], "ill");

    // A price, a coupon, the switches and a created allocation.
    let price = json!({
        "classType": "ONE_ON_ONE", "sessionCount": 30, "basePriceMinor": 910_000,
        "gstPercentage": 18, "couponMinor": 0, "dealMinor": 0,
    });
    assert_eq!(put("/pricing", &price).status, 200);
    let set = entries(&app, "price.set").await;
    assert_eq!(
        change(&set[0], "basePriceMinor"),
        (json!(900_000), json!(910_000))
    );
    app.coupon("Audited", "percentage", 50, 1);
    let created = entries(&app, "coupon.create").await;
    assert_eq!(change(&created[0], "code"), (Value::Null, json!("Audited")));
    let switch = json!({ "summer_pricing_enabled": true });
    assert_eq!(put("/feature-flags", &switch).status, 200);
    let set = entries(&app, "switches.set").await;
    assert_eq!(
        change(&set[0], "summer_pricing_enabled"),
        (json!(false), json!(true))
    );
    for entry in created.iter().chain(&set) {
        assert_eq!(entry["permission"], "price:write");
    }
    let new = json!({
        "studentId": Uuid::from_u128(9), "courseId": COURSE, "sessionCount": 10,
        "schedule": { "timeSlot": "16:00" },
        "location": { "latitude": CENTRE.0, "longitude": CENTRE.1 },
    });
    app.enrol([9]).await;
    post("/admin/allocations", &new);
    assert_eq!(
        entries(&app, "allocation.create").await[0]["before"],
        "null"
    );
}
