use serde_json::{Value, json};
use tutoring_contract::Role;
use uuid::Uuid;

use crate::app::{TestApp, operator, service_token, student, token, trainer};

/// Callers with rights: student, trainer, permitted administrator, service.
type Allowed = [bool; 4];
const STUDENT: Allowed = [true, false, false, false];
const TRAINER: Allowed = [false, true, false, false];
const ADMIN: Allowed = [false, false, true, false];
const TRAINER_OR_ADMIN: Allowed = [false, true, true, false];
const STUDENT_OR_ADMIN: Allowed = [true, false, true, false];
const USERS: Allowed = [true, true, false, false];
/// The unknown ID in a path.
const ID: Uuid = Uuid::from_u128(0xff);

const ROUTES: [(&str, &str, Allowed); 53] = [
    ("POST", "/create-prebooking", STUDENT),
    ("POST", "/create-booking", STUDENT),
    ("POST", "/auto-assign-trainer", [false, false, false, true]),
    ("GET", "/trainer-demand?city=Mysuru", ADMIN),
    ("GET", "/trainer-schedule/{trainer}", TRAINER_OR_ADMIN),
    ("POST", "/trainer-attendance", TRAINER_OR_ADMIN),
    ("POST", "/cities", ADMIN),
    ("POST", "/clusters", ADMIN),
    ("POST", "/zones", ADMIN),
    ("POST", "/holidays", ADMIN),
    ("POST", "/admin/allocations", ADMIN),
    ("POST", "/admin/allocations/allocate", ADMIN),
    (
        "POST",
        "/admin/allocations/auto-assign",
        [false, false, true, true],
    ),
    ("POST", "/admin/allocations/retry-auto-assign", ADMIN),
    ("POST", "/admin/allocations/create-pending-sessions", ADMIN),
    ("POST", "/admin/allocations/{id}/approve", ADMIN),
    ("POST", "/admin/allocations/{id}/reject", ADMIN),
    ("POST", "/admin/allocations/{id}/cancel", ADMIN),
    ("POST", "/admin/allocations/{id}/create-sessions", ADMIN),
    ("POST", "/admin/allocations/{id}/fix-sessions", ADMIN),
    ("PUT", "/admin/allocations/{id}", ADMIN),
    (
        "GET",
        "/admin/allocations/availability/check",
        STUDENT_OR_ADMIN,
    ),
    (
        "GET",
        "/admin/allocations/available-time-slots",
        STUDENT_OR_ADMIN,
    ),
    (
        "GET",
        "/admin/allocations/check-course-availability",
        STUDENT_OR_ADMIN,
    ),
    (
        "GET",
        "/admin/allocations/trainer-availability/check?trainerId={trainer}",
        TRAINER_OR_ADMIN,
    ),
    (
        "GET",
        "/admin/allocations/trainer-availability/slots?trainerId={trainer}",
        TRAINER_OR_ADMIN,
    ),
    ("GET", "/admin/allocations", ADMIN),
    ("GET", "/admin/allocations/{id}/refusals", ADMIN),
    (
        "GET",
        "/admin/allocations/student/{student}",
        [true, false, true, false],
    ),
    (
        "GET",
        "/admin/allocations/trainer/{trainer}",
        TRAINER_OR_ADMIN,
    ),
    (
        "GET",
        "/admin/sessions/student/{student}",
        [true, false, true, false],
    ),
    ("GET", "/admin/sessions/trainer/{trainer}", TRAINER_OR_ADMIN),
    ("POST", "/admin/sessions/{id}/start", TRAINER),
    ("POST", "/admin/sessions/{id}/verify-otp", TRAINER),
    ("POST", "/admin/sessions/{id}/end", TRAINER),
    ("POST", "/admin/sessions/{id}/confirm", STUDENT),
    ("POST", "/admin/sessions/{id}/resolve", ADMIN),
    ("POST", "/admin/reschedule", USERS),
    ("PUT", "/admin/reschedule/{id}", USERS),
    ("POST", "/admin/reschedule/{id}/cancel", USERS),
    ("GET", "/admin/reschedule", ADMIN),
    ("POST", "/admin/reschedule/{id}/approve", ADMIN),
    ("POST", "/admin/reschedule/{id}/reject", ADMIN),
    ("GET", "/admin/substitutions", ADMIN),
    ("POST", "/admin/substitutions", ADMIN),
    ("DELETE", "/admin/substitutions/{id}", ADMIN),
    ("POST", "/admin/reviews", USERS),
    ("GET", "/admin/reviews", ADMIN),
    ("POST", "/admin/journeys/start", TRAINER),
    ("POST", "/admin/journeys/{id}/location", TRAINER),
    ("POST", "/admin/journeys/{id}/arrived", TRAINER),
    ("POST", "/admin/journeys/{id}/end", TRAINER),
    (
        "GET",
        "/admin/journeys/{id}/live",
        [true, false, true, false],
    ),
];

/// Acceptance 10: without a token, with a wrong role, with another user's ID.
pub(crate) async fn schedule_rejects_callers_without_rights_auth_5(app: TestApp) {
    let holder = Uuid::from_u128(0x7a);
    let callers = [student(7), trainer(holder), operator(), service_token()];
    let without = token(Uuid::from_u128(2), Role::Admin, &["coins:write"]);
    for (method, template, allowed) in ROUTES {
        let path = template
            .replace("{student}", &Uuid::from_u128(7).to_string())
            .replace("{trainer}", &holder.to_string())
            .replace("{id}", &ID.to_string());
        let body = match method {
            "GET" | "DELETE" => Value::Null,
            _ => json!({}),
        };
        let status = |token: &str| app.call(method, &path, token, &body).status;
        assert_eq!(status(""), 401, "{method} {path}");
        assert_eq!(status("a.b.c"), 401, "{method} {path}");
        for (caller, is_allowed) in callers.iter().zip(allowed) {
            let status = status(caller);
            let is_refused = matches!(status, 401 | 403);
            assert_eq!(is_refused, !is_allowed, "{method} {path}: {status}");
            assert!(status < 500, "{method} {path}: {status}");
        }
        // Some handlers read the body first.
        let refused = status(&without);
        assert!(matches!(refused, 400 | 403), "{method} {path}: {refused}");
        for (other, name) in [
            (student(8), "{student}"),
            (trainer(Uuid::from_u128(9)), "{trainer}"),
        ] {
            if template.contains(name) {
                assert_eq!(status(&other), 403, "{method} {path}");
            }
        }
    }
    for path in ["/zones-by-location?lat=1&lng=1", "/cities"] {
        assert!([200, 404].contains(&app.get(path, "").status), "{path}");
    }
}
