//! Routes of section 6 whose services also have tests of their own.

use seaworthy::prelude::Timeout;
use seaworthy_testkit::http::HttpResponse;
use serde_json::json;
use tutoring_contract::Role;
use uuid::Uuid;

use crate::{
    app::{TestPlatform, assert_error, outcome},
    authorization::{USER, is_reached, is_unknown_path, token_of},
    students::send,
};

/// The callers of a route. Callers with another role are rejected.
#[derive(Clone, Copy, PartialEq)]
enum Caller {
    Everyone,
    Student,
    Trainer,
    StudentOrAdmin,
    /// Students and administrators. The handler reads the body before it checks the permission.
    StudentOrAnyAdmin,
    /// As [`StudentOrAdmin`], of objects that do not exist for other callers.
    StudentOrAdminPrivately,
    TrainerOrAdmin,
    /// The participants of an object. The object with the ID in the path does not belong to the
    /// caller.
    Participant,
    /// Every user, for objects that the request creates or for a list of own objects.
    User,
    /// Administrators with a permission.
    Admin,
    /// Other services.
    Service,
}
use Caller::{
    Admin, Everyone, Participant, Service, Student, StudentOrAdmin, StudentOrAdminPrivately,
    StudentOrAnyAdmin, Trainer, TrainerOrAdmin, User,
};

/// Methods, paths under `/api/v1` and callers. `{id}` is the ID of a user, `{x}` any other ID.
const ROUTES: &[(&str, &str, Caller)] = &[
    // 6.5
    ("POST", "/booking/check-service-availability", Everyone),
    ("GET", "/booking/zones-by-location?lat=1&lng=1", Everyone),
    (
        "GET",
        "/booking/pricing/calculate?classType=ONE_ON_ONE",
        Everyone,
    ),
    ("POST", "/booking/coupons/validate", Student),
    ("GET", "/booking/feature-flags", Everyone),
    ("POST", "/booking/create-prebooking", Student),
    (
        "GET",
        "/booking/pre-bookings/capacity?courseId={x}&timeslot=16:00",
        Everyone,
    ),
    ("GET", "/booking/trainer-schedule/{id}", TrainerOrAdmin),
    ("POST", "/booking/trainer-attendance", TrainerOrAdmin),
    // 6.6, served by booking
    ("POST", "/admin/allocations", Admin),
    ("POST", "/admin/allocations/allocate", Admin),
    ("POST", "/admin/allocations/{x}/approve", Admin),
    ("POST", "/admin/allocations/{x}/reject", Admin),
    ("POST", "/admin/allocations/{x}/cancel", Admin),
    ("PUT", "/admin/allocations/{x}", Admin),
    ("POST", "/admin/allocations/auto-assign", Admin),
    ("POST", "/admin/allocations/retry-auto-assign", Admin),
    ("POST", "/admin/allocations/{x}/create-sessions", Admin),
    ("POST", "/admin/allocations/create-pending-sessions", Admin),
    ("POST", "/admin/allocations/{x}/fix-sessions", Admin),
    ("GET", "/admin/allocations", Admin),
    ("GET", "/admin/allocations/{x}", Participant),
    ("GET", "/admin/allocations/student/{id}", StudentOrAdmin),
    ("GET", "/admin/allocations/trainer/{id}", TrainerOrAdmin),
    (
        "GET",
        "/admin/allocations/availability/check?courseId={x}&studentId={id}&date=2099-01-01&timeSlot=16:00",
        StudentOrAdmin,
    ),
    (
        "GET",
        "/admin/allocations/available-time-slots?courseId={x}&studentId={id}&date=2099-01-01",
        StudentOrAdmin,
    ),
    (
        "GET",
        "/admin/allocations/check-course-availability?courseId={x}&studentId={id}",
        StudentOrAdmin,
    ),
    (
        "GET",
        "/admin/allocations/trainer-availability/check?trainerId={id}&date=2099-01-01&timeSlot=16:00",
        TrainerOrAdmin,
    ),
    (
        "GET",
        "/admin/allocations/trainer-availability/slots?trainerId={id}&date=2099-01-01",
        TrainerOrAdmin,
    ),
    ("GET", "/admin/sessions/{x}", Participant),
    ("GET", "/admin/sessions/student/{id}", StudentOrAdmin),
    ("GET", "/admin/sessions/trainer/{id}", TrainerOrAdmin),
    ("POST", "/admin/sessions/{x}/start", Trainer),
    ("POST", "/admin/sessions/{x}/verify-otp", Trainer),
    ("POST", "/admin/sessions/{x}/end", Trainer),
    ("POST", "/admin/sessions/{x}/confirm", Student),
    ("POST", "/admin/reschedule", User),
    ("PUT", "/admin/reschedule/{x}", User),
    ("POST", "/admin/reschedule/{x}/cancel", User),
    ("POST", "/admin/reschedule/{x}/approve", Admin),
    ("POST", "/admin/reschedule/{x}/reject", Admin),
    ("GET", "/admin/reschedule", Admin),
    ("POST", "/admin/substitutions", Admin),
    ("GET", "/admin/substitutions", Admin),
    ("DELETE", "/admin/substitutions/{x}", Admin),
    // 6.7
    ("POST", "/payments", Service),
    ("POST", "/payments/session-booking", Student),
    ("POST", "/payments/{x}/confirm", Student),
    ("GET", "/payments/{x}", Participant),
    ("GET", "/payments/{x}/status", Participant),
    ("GET", "/payments/student/{id}", StudentOrAdminPrivately),
    ("GET", "/payments/wallet/{id}", StudentOrAdminPrivately),
    (
        "GET",
        "/payments/wallet/{id}/transactions",
        StudentOrAdminPrivately,
    ),
    ("POST", "/payments/coins/course-completion", Service),
    ("POST", "/payments/coins/referral", Service),
    ("POST", "/payments/coins/referral/reverse", Service),
    ("POST", "/payments/coins/adjust", Admin),
    ("POST", "/payments/coins/redeem", Service),
    ("GET", "/payments/coins/configuration", Admin),
    ("PUT", "/payments/coins/configuration", Admin),
    // 6.8
    ("POST", "/chat/messages", User),
    ("GET", "/chat/messages/{x}", Participant),
    ("DELETE", "/chat/messages/{x}", Participant),
    ("GET", "/chat/conversations", User),
    ("GET", "/chat/conversations/{x}/messages", Participant),
    ("PATCH", "/chat/conversations/{x}/read", Participant),
    ("POST", "/doubts", Student),
    ("GET", "/doubts", User),
    ("GET", "/doubts/{x}", Participant),
    ("PATCH", "/doubts/{x}/status", Participant),
    ("POST", "/doubts/{x}/reply", TrainerOrAdmin),
    ("POST", "/doubts/{x}/reassign", Admin),
    ("GET", "/trainer/doubts", Trainer),
    ("GET", "/admin/doubts", Admin),
    // 6.9
    ("GET", "/notifications", User),
    ("GET", "/notifications/unread-count", User),
    ("POST", "/notifications", Admin),
    ("POST", "/notifications/bulk", Admin),
    ("PATCH", "/notifications/{x}/read", Participant),
    ("PATCH", "/notifications/{x}/unread", Participant),
    ("POST", "/notifications/mark-all-read", User),
    ("DELETE", "/notifications/{x}", Participant),
    ("DELETE", "/notifications/read", User),
    ("POST", "/device-tokens", User),
    ("GET", "/device-tokens", User),
    ("PATCH", "/device-tokens/{x}/deactivate", Participant),
    ("DELETE", "/device-tokens/{x}", Participant),
    ("POST", "/analytics/events", User),
    ("POST", "/analytics/events/bulk", User),
    ("GET", "/analytics/events", Admin),
    ("GET", "/analytics/metrics/event-types", Admin),
    ("GET", "/analytics/metrics/courses", Admin),
    ("GET", "/analytics/metrics/trends", Admin),
    ("GET", "/analytics/users/{id}/timeline", User),
    // Routes that section 6 does not list.
    ("GET", "/admin/permissions", Admin),
    ("POST", "/admin/trainers/approvals/{x}/reopen", Admin),
    ("GET", "/admin/allocations/{x}/refusals", Admin),
    ("POST", "/admin/sessions/{x}/cancel", StudentOrAnyAdmin),
    ("POST", "/admin/sessions/{x}/resolve", Admin),
    ("POST", "/booking/cities", Admin),
    ("POST", "/booking/clusters", Admin),
    ("POST", "/booking/zones", Admin),
    ("POST", "/booking/holidays", Admin),
    ("GET", "/booking/pricing", Admin),
    ("PUT", "/booking/pricing", Admin),
    ("GET", "/booking/coupons", Admin),
    ("POST", "/booking/coupons", Admin),
    ("PUT", "/booking/feature-flags", Admin),
    ("POST", "/booking/pricing/reservations", Service),
    ("POST", "/booking/pricing/reservations/{x}/redeem", Service),
    ("POST", "/booking/pricing/reservations/{x}/release", Service),
    ("GET", "/payments/reconciliation", Admin),
    ("GET", "/payments/unexpected-captures", Admin),
    ("POST", "/payments/{x}/refund", Admin),
    ("POST", "/payments/fake/{x}/pay", Student),
    ("POST", "/chat/attachments/sign", User),
    ("GET", "/chat/conversations/{x}", Participant),
    ("GET", "/notifications/preferences", User),
    ("PUT", "/notifications/preferences", User),
];

/// Returns the methods and paths of the table.
pub(crate) fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|(method, path, _)| (*method, *path))
}

/// Whether a response refuses a caller without rights.
fn is_rejection(caller: Caller, answer: &HttpResponse) -> bool {
    let (status, code) = outcome(answer);
    match (status, &*code) {
        (403, "FORBIDDEN") => true,
        // The object of other users is private.
        (404, "NOT_FOUND") => {
            matches!(caller, Participant | StudentOrAdminPrivately) && !is_unknown_path(answer)
        }
        _ => false,
    }
}

/// Acceptance 10, for the routes that [`crate::routes`] does not list.
pub(crate) async fn further_routes_reject_callers_without_rights_auth_5(app: &TestPlatform) {
    let live = app.student("asha@example.org").access;
    let token = |id: Uuid, role: Role| token_of(id, role, &live, Timeout::from_secs(600));
    let other = Uuid::from_u128(8);
    let [student, trainer, admin] =
        [Role::Student, Role::Trainer, Role::Admin].map(|role| token(USER, role));
    let mut errors = Vec::new();
    for (method, template, caller) in ROUTES {
        let path = template
            .replace("{id}", &USER.to_string())
            .replace("{x}", &other.to_string());
        let call = |token: &str| send(app, token, method, &path, &json!({}));
        let fault = |answer: &HttpResponse| {
            let HttpResponse { status, body, .. } = answer;
            format!("{method} {path}: {status} {body}")
        };
        if *caller == Everyone {
            let answer = call("");
            if !is_reached(&answer) || answer.status == 403 {
                errors.push(fault(&answer));
            }
            continue;
        }
        assert_error(&call(""), 401, "TOKEN_MISSING");
        assert_error(&call("a.b.c"), 401, "TOKEN_INVALID");
        // The administrator has no permission.
        let mut refused = match caller {
            Everyone => vec![],
            User => {
                let answers = [&student, &trainer, &admin].map(|token| call(token));
                let missed = answers.iter().filter(|answer| !is_reached(answer));
                errors.extend(missed.map(fault));
                vec![]
            }
            Student => vec![&trainer, &admin],
            Trainer => vec![&student, &admin],
            StudentOrAdmin | StudentOrAdminPrivately => vec![&trainer, &admin],
            StudentOrAnyAdmin => vec![&trainer],
            TrainerOrAdmin => vec![&student, &admin],
            Admin | Service | Participant => vec![&student, &trainer, &admin],
        };
        let others = [Role::Student, Role::Trainer].map(|role| token(other, role));
        if template.contains("{id}") {
            refused.extend(&others);
        }
        for token in refused {
            let answer = call(token);
            if !is_rejection(*caller, &answer) {
                errors.push(fault(&answer));
            }
        }
    }
    assert_eq!(errors, [""; 0]);
}
