use serde_json::{Value, json};
use tutoring_contract::Role;
use tutoring_testkit::district_token;
use uuid::Uuid;

use crate::app::{TestApp, admin_token, service_token, student_token, token};

/// The callers that a route allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Student,
    /// The student of the payment, or an administrator who reads payments.
    Own,
    Admin,
    Service,
    /// Another service, or an administrator with `coins:write`.
    Coins,
}

use Caller::{Admin, Coins, Own, Service, Student};

const ROUTES: [(&str, &str, Caller); 17] = [
    ("POST", "", Service),
    ("POST", "/session-booking", Student),
    ("POST", "/{id}/confirm", Student),
    ("GET", "/{id}", Own),
    ("GET", "/{id}/status", Own),
    ("GET", "/student/{student}", Own),
    ("GET", "/wallet/{student}", Own),
    ("GET", "/wallet/{student}/transactions", Own),
    ("POST", "/coins/course-completion", Coins),
    ("POST", "/coins/referral", Coins),
    ("POST", "/coins/referral/reverse", Service),
    ("POST", "/coins/adjust", Coins),
    ("POST", "/coins/redeem", Coins),
    ("GET", "/coins/configuration", Admin),
    ("PUT", "/coins/configuration", Admin),
    ("GET", "/reconciliation", Admin),
    ("POST", "/{id}/refund", Admin),
];

pub(crate) async fn every_route_rejects_callers_without_rights_auth_5(app: TestApp) {
    let student = Uuid::from_u128(7);
    let bought = app.bought(student, &json!({}));
    let trainer = token(student, Role::Trainer, &["payment:read", "coins:write"]);
    let other = student_token(Uuid::from_u128(8));
    let without = admin_token(&["student:read"]);
    for (method, path, caller) in ROUTES {
        let path = path
            .replace("{id}", &bought.id)
            .replace("{student}", &student.to_string());
        let body = match method {
            "GET" => Value::Null,
            _ => json!({}),
        };
        let status = |token: &str| app.call(method, &path, token, &[], &body).status;
        assert_eq!(status(""), 401, "{method} {path} without a token");
        assert_eq!(status("a.b.c"), 401, "{method} {path} with a bad token");
        assert_eq!(status(&trainer), 403, "{method} {path} as a trainer");
        assert_eq!(
            status(&without),
            403,
            "{method} {path} without the permission"
        );
        match caller {
            Own => assert_eq!(status(&other), 404, "{method} {path} of another student"),
            Student => {}
            _ => assert_eq!(status(&other), 403, "{method} {path} as a student"),
        }
        if !matches!(caller, Service | Coins) {
            assert_eq!(
                status(&service_token()),
                403,
                "{method} {path} as a service"
            );
        }
    }
    // Payments do not belong to a place, so the API refuses administrators with a territory.
    let permissions = ["payment:read", "payment:refund", "coins:write"];
    let district = district_token(Uuid::from_u128(0xad), &permissions, ("Kerala", "Idukki"));
    for (method, path, _) in ROUTES.iter().filter(|(_, _, caller)| *caller != Service) {
        let path = path
            .replace("{id}", &bought.id)
            .replace("{student}", &student.to_string());
        let body = match *method {
            "GET" => Value::Null,
            _ => json!({}),
        };
        let refused = app.call(method, &path, &district, &[], &body);
        assert_eq!(refused.status, 403, "{method} {path}: {}", refused.body);
    }
    let reader = admin_token(&["payment:read"]);
    let path = format!("/{}", bought.id);
    assert_eq!(app.get(&path, &reader).status, 200);
    let order = json!({ "studentId": student, "amountCents": 99 });
    assert_eq!(app.post("", &service_token(), &order).status, 400);
    let order = json!({ "studentId": student, "amountCents": 100 });
    assert_eq!(app.post("", &service_token(), &order).status, 201);
    let status = app.get(&format!("/{}/status", bought.id), &reader);
    assert!(
        status.body.contains("\"paymentStatus\":\"initiated\""),
        "{}",
        status.body
    );
    // The fake provider exists with its own setting alone.
    let fake = format!("/fake/{}/pay", bought.order);
    assert_eq!(
        app.post(&fake, &student_token(student), &json!({})).status,
        404
    );
}
