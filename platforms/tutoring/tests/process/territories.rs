//! The limits of administrators of a state.

use serde_json::{Value, json};

use crate::{
    app::{TestPlatform, assert_error, json_of},
    students::{eventually, send},
};

/// Checks that an administrator of the state sees a student and a trainer with an allocation, and
/// that an administrator of another state does not.
pub(crate) fn check(
    app: &TestPlatform,
    (within, outside): (&str, &str),
    (student, trainer): (&Value, &Value),
) {
    let [student, trainer] = [student, trainer].map(|id| id.as_str().unwrap());
    let get = |token: &str, path: &str| send(app, token, "GET", path, &Value::Null);
    let total = |token: &str, path: &str| {
        let shown = get(token, path);
        assert_eq!(shown.status, 200, "{path}: {}", shown.body);
        json_of(&shown)["data"]["pagination"]["total"].clone()
    };
    // The student arrives by an event.
    eventually(|| (total(within, "/students") == 1).then_some(Value::Null));
    for path in [
        "/students".to_owned(),
        "/admin/allocations".to_owned(),
        format!("/admin/sessions/student/{student}"),
    ] {
        assert_ne!(total(within, &path), 0, "{path}");
        assert_eq!(total(outside, &path), 0, "{path}");
    }
    for path in [
        format!("/students/{student}"),
        format!("/students/{student}/profile"),
        format!("/students/{student}/progress"),
        format!("/trainers/{trainer}/profile"),
        format!("/trainers/{trainer}/performance"),
        format!("/trainers/{trainer}/substitutions"),
        format!("/trainers/{trainer}/payroll/info"),
        format!("/trainers/{trainer}/payroll/monthly"),
        format!("/trainers/{trainer}/payroll/history"),
        format!("/booking/trainer-schedule/{trainer}"),
    ] {
        // The trainer arrives by an event, too.
        eventually(|| (get(within, &path).status == 200).then_some(Value::Null));
        assert_error(&get(outside, &path), 403, "FORBIDDEN");
    }
}

/// Checks that changes of a student and a trainer need their state. The administrators have the
/// permissions.
pub(crate) fn check_changes(
    app: &TestPlatform,
    (within, outside): (&str, &str),
    (student, trainer): (&Value, &Value),
) {
    for (path, body) in [
        (
            format!("/students/{}/profile", student.as_str().unwrap()),
            json!({ "goals": "algebra" }),
        ),
        (
            format!("/trainers/{}/profile", trainer.as_str().unwrap()),
            json!({ "bio": "I teach robotics since 2019." }),
        ),
    ] {
        let refused = send(app, outside, "PUT", &path, &body);
        assert_error(&refused, 403, "FORBIDDEN");
        let changed = send(app, within, "PUT", &path, &body);
        assert_eq!(changed.status, 200, "{path}: {}", changed.body);
    }
}
