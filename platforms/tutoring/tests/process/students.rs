//! Profiles of students.

use seaworthy::data::sql;
use seaworthy_testkit::http::{HttpResponse, request};
use serde_json::{Value, json};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};
use tutoring_contract::events::PurchaseConfirmed;
use uuid::Uuid;

use crate::{
    app::{TestPlatform, assert_error, json_of, service_token, tokens, wait_for},
    peer::Peer,
};

/// Sends a request of a user.
pub(crate) fn send(
    app: &TestPlatform,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> HttpResponse {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-client-type", "mobile"),
    ];
    let headers = if token.is_empty() {
        &headers[1..]
    } else {
        &headers
    };
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    app.send(method, &format!("/api/v1{path}"), headers, &body)
}

/// Waits until a response has a value.
pub(crate) fn eventually(find: impl Fn() -> Option<Value>) -> Value {
    wait_for("the effect of the message", find)
}

pub(crate) async fn profile_follows_the_account_msg_5(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    let own = app.call(&session.access, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let call = |method: &str, path: &str, body: &Value| {
        send(
            app,
            &session.access,
            method,
            &format!("/students/{id}{path}"),
            body,
        )
    };
    // The message about the verified account arrives.
    eventually(|| {
        let shown = json_of(&call("GET", "", &Value::Null));
        (shown["data"]["status"] == "verified").then_some(shown)
    });
    let home = json_of(&call("GET", "/home", &Value::Null));
    assert_eq!(home["data"]["activeCourses"], json!([]));
    let changed = call(
        "PUT",
        "/profile",
        &json!({ "fullName": "Asha Menon", "age": 14 }),
    );
    assert_eq!(changed.status, 200, "{}", changed.body);
    let changed = call("PUT", "/profile", &json!({ "goals": "algebra" }));
    let data = &json_of(&changed)["data"];
    assert_eq!(
        (&data["fullName"], &data["age"]),
        (&json!("Asha Menon"), &json!(14))
    );
    let shown = json_of(&call("GET", "/profile", &Value::Null));
    assert_eq!(data["updatedAt"], shown["data"]["updatedAt"]);
    // The cached page does not survive the change.
    let home = json_of(&call("GET", "/home", &Value::Null));
    assert_eq!(home["data"]["student"]["goals"], "algebra");
    assert_error(
        &call("PUT", "/profile", &json!({ "age": 4 })),
        400,
        "VALIDATION_ERROR",
    );

    let state = json_of(&call("GET", &format!("/courses/{id}/state"), &Value::Null));
    let data = &state["data"];
    assert_eq!(
        (
            &data["purchaseStatus"],
            &data["trainerStatus"],
            &data["sessionsStatus"]
        ),
        (
            &json!("PROCESSING"),
            &json!("NOT_ASSIGNED"),
            &json!("PENDING")
        )
    );
    assert_error(&call("PUT", "/progress", &json!({})), 410, "GONE");
    let ticket = json!({
        "issueType": "payment", "subject": "Paid twice", "email": "asha@example.org",
        "description": "I paid twice for one course.", "priority": "high",
    });
    assert_eq!(call("POST", "/support-tickets", &ticket).status, 201);
    // PostgreSQL does not store this character.
    let mut unstorable = ticket.clone();
    unstorable["subject"] = json!("Paid\u{0}twice");
    let refused = json_of(&call("POST", "/support-tickets", &unstorable));
    assert_eq!(refused["errors"][0]["field"], "subject");
    let profile = json!({ "goals": "a\u{0}b", "extra": { "a": ["b\u{0}"] } });
    let refused = json_of(&call("PUT", "/profile", &profile));
    let fields: Vec<_> = refused["errors"].as_array().unwrap().iter().collect();
    let fields: Vec<_> = fields.iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["goals", "extra"]);
    let check =
        || json_of(&call("GET", "/claim-deal/check", &Value::Null))["data"]["canClaim"].clone();
    assert_eq!(check(), true);
    assert_eq!(call("POST", "/claim-deal", &Value::Null).status, 200);
    assert_eq!(check(), false);
    // A payment with a discount uses the offer of another student.
    let other = app.student("dev@example.org");
    let own = app.call(&other.access, "GET", "/profile", &Value::Null);
    let own = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let path = format!("/students/{own}/claim-deal/check");
    let can_claim = || {
        let shown = send(app, &other.access, "GET", &path, &Value::Null);
        json_of(&shown)["data"]["canClaim"].clone()
    };
    assert_eq!(can_claim(), true);
    let peer = Peer::start(app).await;
    peer.publish(PurchaseConfirmed {
        payment_id: Uuid::from_u128(1),
        student_id: own.parse().unwrap(),
        course_id: Uuid::from_u128(2),
        amount_cents: 1,
        metadata: json!({ "claimDealApplied": true, "couponApplied": false }),
    })
    .await;
    eventually(|| (can_claim() == false).then_some(Value::Null));
    assert_error(&call("POST", "/claim-deal", &Value::Null), 409, "CONFLICT");
    let code =
        || json_of(&call("GET", "/referral-code", &Value::Null))["data"]["referralCode"].clone();
    assert_eq!((code().as_str().unwrap().len(), code()), (8, code()));
}

pub(crate) async fn admin_lists_and_reads_students_auth_5(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    let own = app.call(&session.access, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let other = tokens(&app.post("/email/verify", &{
        let body = json!({ "email": "ravi@example.org", "password": crate::app::PASSWORD });
        assert_eq!(app.post("/register", &body).status, 201);
        json!({ "email": "ravi@example.org", "otp": app.mailed_code("ravi@example.org", 1) })
    }));
    let log_in = json!({ "email": SEED_EMAIL, "password": SEED_PASSWORD });
    let root = tokens(&send(app, "", "POST", "/admin/auth/login", &log_in)).access;
    let profile = json!({ "fullName": "Asha 100% Menon" });
    let path = format!("/students/{id}/profile");
    assert_eq!(
        send(app, &session.access, "PUT", &path, &profile).status,
        200
    );
    assert_error(
        &send(app, &other.access, "PUT", &path, &profile),
        403,
        "FORBIDDEN",
    );
    assert_eq!(send(app, &root, "GET", &path, &Value::Null).status, 200);
    // A super admin has each permission that a route names.
    assert_eq!(send(app, &root, "PUT", &path, &profile).status, 200);
    let database = app.database("student").await;
    let entries: Vec<(String, String)> = sql("SELECT action, details FROM audit_log")
        .fetch_all(&database)
        .await
        .unwrap();
    // The change by the student has no entry.
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0].0, "student.profile");
    assert!(entries[0].1.contains("student:write"), "{entries:?}");
    // Long fields leave their names in the entry.
    let long = json!({ "extra": { "text": "x".repeat(4_000) }, "interests": "y".repeat(4_000) });
    for _ in 0..2 {
        assert_eq!(send(app, &root, "PUT", &path, &long).status, 200);
    }
    let total = |search: &str| {
        let path = format!("/students?search={search}&status=verified&limit=1");
        let listed = send(app, &root, "GET", &path, &Value::Null);
        json_of(&listed)["data"]["pagination"]["total"].clone()
    };
    eventually(|| (total("") == 2).then(|| json!(2)));
    assert_eq!(
        (total("MENON"), total("100%25"), total("1_0"), total("%00")),
        (json!(1), json!(1), json!(0), json!(2))
    );
    // A disabled student who is not verified is among the disabled ones.
    let disabled = sql(
        "UPDATE students SET is_disabled = ?, is_verified = ? WHERE search_text LIKE '%menon%'",
    )
    .bind(true)
    .bind(false);
    disabled.execute(&database).await.unwrap();
    let listed = send(app, &root, "GET", "/students?status=disabled", &Value::Null);
    assert_eq!(json_of(&listed)["data"]["items"][0]["id"], json!(id));
    let invalid = send(
        app,
        &root,
        "GET",
        "/students?page=0&limit=101",
        &Value::Null,
    );
    assert_eq!(json_of(&invalid)["errors"].as_array().unwrap().len(), 2);
}

/// An operator repairs a service that has no copy of a student.
pub(crate) async fn empty_change_publishes_the_profile_msg_5(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    let own = app.call(&session.access, "GET", "/profile", &Value::Null);
    let id: Uuid = json_of(&own)["data"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let log_in = json!({ "email": SEED_EMAIL, "password": SEED_PASSWORD });
    let root = tokens(&send(app, "", "POST", "/admin/auth/login", &log_in)).access;
    let path = format!("/students/{id}/profile");
    assert_eq!(send(app, &root, "PUT", &path, &json!({})).status, 200);
    let database = app.database("booking").await;
    seaworthy_testkit::eventually(async || {
        let copy: Option<(i64,)> = sql("SELECT version FROM student_copies WHERE student_id = ?")
            .bind(id)
            .fetch_optional(&database)
            .await
            .unwrap();
        // Messages about the account have no version of the profile and store -1.
        copy.is_some_and(|(version,)| version >= 0)
    })
    .await;
}

pub(crate) async fn service_removes_cached_pages_auth_5(app: &TestPlatform) {
    let token = app.student("asha@example.org").access;
    let own = app.call(&token, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let home = format!("/students/{id}/home");
    let name = || {
        let page = json_of(&send(app, &token, "GET", &home, &Value::Null));
        page["data"]["student"]["username"].clone()
    };
    // The last message about the account is that of its verification.
    eventually(|| {
        let page = json_of(&send(app, &token, "GET", &home, &Value::Null));
        (page["data"]["student"]["status"] == "verified").then_some(Value::Null)
    });
    assert_eq!(name(), Value::Null);
    let database = app.database("student").await;
    let changed = sql("UPDATE students SET username = 'asha'");
    changed.execute(&database).await.unwrap();
    assert_eq!(name(), Value::Null);
    let service = app.address("student");
    let path = format!("/api/v1/students/{id}/invalidate-cache");
    let call = |token: &str| {
        let bearer = format!("Bearer {token}");
        request(service, "POST", &path, &[("authorization", &bearer)], "").unwrap()
    };
    let service_token = service_token();
    assert_eq!(call(&token).status, 403);
    // Operators of the legacy service search for this key.
    let key = format!("student:home:{id}");
    if let Some(keys) = app.redis_keys() {
        assert!(keys.lines().any(|line| line.trim() == key), "{keys}");
    }
    assert_eq!(call(&service_token).status, 204);
    if let Some(keys) = app.redis_keys() {
        assert!(!keys.lines().any(|line| line.trim() == key), "{keys}");
    }
    assert_eq!(name(), "asha");
    // The gateway rejects tokens of services.
    let path = format!("/students/{id}/invalidate-cache");
    let refused = send(app, &service_token, "POST", &path, &Value::Null);
    assert_error(&refused, 401, "TOKEN_INVALID");
}
