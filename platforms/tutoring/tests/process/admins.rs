use serde_json::{Value, json};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};

use crate::app::{TestPlatform, assert_error, json_of, tokens, wait_for};

pub(crate) async fn gateway_reaches_admins_and_applications_auth_5(app: &TestPlatform) {
    let send = |method: &str, path: &str, token: &str, body: Value| {
        let bearer = format!("Bearer {token}");
        let headers = [("x-client-type", "mobile"), ("authorization", &bearer)];
        let headers = match token {
            "" => headers.get(..1).unwrap(),
            _ => &headers,
        };
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        app.send(method, &format!("/api/v1{path}"), headers, &body)
    };
    let log_in = |email: &str, password: &str| {
        // Legacy clients send further fields, which are ignored.
        let body = json!({ "email": email, "password": password, "rememberMe": true });
        tokens(&send("POST", "/admin/auth/login", "", body)).access
    };
    let root = log_in(SEED_EMAIL, SEED_PASSWORD);
    let kerala = json!({
        "email": "kerala@example.org",
        "fullName": "Anna Chandy",
        "roles": ["state_admin"],
        "territory": { "state": "Kerala" },
    });
    let created = send("POST", "/admin/admins", &root, kerala);
    assert_eq!(created.status, 201, "{}", created.body);
    let password = json_of(&created)["data"]["temporaryPassword"].clone();
    let kerala = log_in("kerala@example.org", password.as_str().unwrap());

    let approvals = "/admin/trainers/approvals";
    let listed = send("GET", approvals, &kerala, Value::Null);
    assert_eq!(
        json_of(&listed)["data"]["pagination"]["total"],
        0,
        "{}",
        listed.body
    );
    assert_error(
        &send("GET", approvals, "", Value::Null),
        401,
        "TOKEN_MISSING",
    );
    let student = app.student("asha@example.org").access;
    for path in [approvals, "/admin/admins", "/trainers/auth/application"] {
        assert_error(&send("GET", path, &student, Value::Null), 403, "FORBIDDEN");
    }
    assert_error(
        &send("GET", "/admin/audit-log", &kerala, Value::Null),
        403,
        "FORBIDDEN",
    );
    assert_error(
        &send("POST", "/trainers/auth/apply", &root, json!({})),
        403,
        "FORBIDDEN",
    );
    let unknown = send("GET", "/trainers/auth/pincodes/1", "", Value::Null);
    assert_error(&unknown, 404, "NOT_FOUND");
    // The sample course arrives by an event.
    wait_for("the course", || {
        let path = "/trainers/auth/apply/available-courses";
        let courses = json_of(&send("GET", path, "", Value::Null));
        (courses["data"][0]["title"] == "Robotics").then_some(())
    });

    assert_eq!(
        send("POST", "/admin/auth/logout-all", &kerala, Value::Null).status,
        204
    );
    assert_error(
        &send("GET", "/admin/auth/me", &kerala, Value::Null),
        401,
        "TOKEN_INVALID",
    );
}
