use serde_json::{Value, json};
use tutoring_contract::{AdminRole, Role};

use crate::app::TestApp;

/// Every route of applications that needs a token, and whether it is one of trainers.
const ROUTES: [(&str, &str, bool); 12] = [
    ("POST", "/trainers/auth/apply", true),
    ("POST", "/trainers/auth/apply/refactored", true),
    ("POST", "/trainers/auth/apply/documents", true),
    ("GET", "/trainers/auth/application", true),
    ("PUT", "/trainers/auth/application", true),
    ("GET", "/admin/trainers/approvals", false),
    ("GET", "/admin/trainers/approvals/statistics", false),
    ("GET", "/admin/trainers/approvals/{id}", false),
    ("POST", "/admin/trainers/approvals/{id}/approve", false),
    ("POST", "/admin/trainers/approvals/{id}/reject", false),
    ("POST", "/admin/trainers/approvals/{id}/hold", false),
    ("POST", "/admin/trainers/approvals/{id}/reopen", false),
];

pub(crate) async fn every_route_rejects_callers_without_rights_auth_5(app: TestApp) {
    let trainer = app.trainer("asha");
    let id = app.applied(&trainer);
    let student = app.token(Role::Student, None, &[], [None, None]).await;
    let without = app
        .token(
            Role::Admin,
            Some(AdminRole::StateAdmin),
            &["trainer:read"],
            [Some("Karnataka"), None],
        )
        .await;
    // A scope alone is not enough: the role counts too.
    let scoped = app
        .token(Role::Student, None, &["trainer:approve"], [None, None])
        .await;
    for (method, path, is_of_trainers) in ROUTES {
        let path = path.replace("{id}", &id);
        let body = if method == "GET" {
            Value::Null
        } else {
            json!({})
        };
        let status = |token: &str| app.call(method, &path, token, &body).status;
        assert_eq!(status(""), 401, "{method} {path} without a token");
        assert_eq!(status("a.b.c"), 401, "{method} {path} with a bad token");
        for token in [&student, &without, &scoped] {
            assert_eq!(status(token), 403, "{method} {path} with a wrong role");
        }
        if !is_of_trainers {
            assert_eq!(
                status(&trainer.token),
                403,
                "{method} {path} as the trainer"
            );
        }
    }
    // Another trainer sees the own application only.
    let other = app.trainer("ravi");
    let own = app.call(
        "GET",
        "/trainers/auth/application",
        &other.token,
        &Value::Null,
    );
    assert_eq!(own.status, 404);
}
