//! Routes of the interface, for callers without rights.

use seaworthy::prelude::Timeout;
use serde_json::json;
use tutoring_contract::Role;
use uuid::Uuid;

use crate::{
    app::{TestPlatform, assert_error, outcome},
    authorization::{USER, is_reached, token_of},
    students::send,
};

/// The callers of a route.
#[derive(Clone, Copy, PartialEq)]
enum Caller {
    Everyone,
    /// Students, for their own ID.
    Student,
    /// Trainers, for their own ID.
    Trainer,
    /// Students and trainers, for their own objects.
    StudentOrTrainer,
    /// Students and administrators with a permission.
    StudentOrAdmin,
    /// Trainers and administrators with a permission.
    TrainerOrAdmin,
    /// Administrators with a permission.
    Permitted,
    /// Administrators.
    Admin,
    /// Other services.
    Service,
}
use Caller::{Admin, Everyone, Permitted, Service, Student, StudentOrAdmin, TrainerOrAdmin};

/// Methods, paths under `/api/v1` and callers. `{id}` is the ID of a user, `{x}` any other ID.
const ROUTES: [(&str, &str, Caller); 92] = [
    ("POST", "/students/auth/logout-all", Student),
    ("POST", "/students/auth/password/change", Student),
    ("GET", "/students/auth/profile", Student),
    ("PUT", "/students/auth/profile", Student),
    ("POST", "/trainers/auth/register", Everyone),
    ("POST", "/trainers/auth/email/resend", Everyone),
    ("POST", "/trainers/auth/email/verify", Everyone),
    ("POST", "/trainers/auth/login", Everyone),
    ("POST", "/trainers/auth/otp/request", Everyone),
    ("POST", "/trainers/auth/otp/retry", Everyone),
    ("POST", "/trainers/auth/otp/verify", Everyone),
    ("POST", "/trainers/auth/google", Everyone),
    ("POST", "/trainers/auth/google/web", Everyone),
    ("POST", "/trainers/auth/refresh", Everyone),
    ("POST", "/trainers/auth/logout", Everyone),
    ("POST", "/trainers/auth/password/forgot", Everyone),
    ("POST", "/trainers/auth/password/reset", Everyone),
    ("GET", "/trainers/auth/pincodes/682001", Everyone),
    ("GET", "/trainers/auth/apply/available-courses", Everyone),
    (
        "GET",
        "/trainers/auth/apply/preview-availability?shiftType=morning",
        Everyone,
    ),
    ("POST", "/trainers/auth/logout-all", Caller::Trainer),
    ("POST", "/trainers/auth/password/change", Caller::Trainer),
    ("GET", "/trainers/auth/profile", Caller::Trainer),
    ("PUT", "/trainers/auth/profile", Caller::Trainer),
    ("POST", "/trainers/auth/apply", Caller::Trainer),
    ("POST", "/trainers/auth/apply/refactored", Caller::Trainer),
    ("POST", "/trainers/auth/apply/documents", Caller::Trainer),
    ("GET", "/trainers/auth/application", Caller::Trainer),
    ("PUT", "/trainers/auth/application", Caller::Trainer),
    ("GET", "/students", Permitted),
    ("GET", "/students/{id}", StudentOrAdmin),
    ("GET", "/students/{id}/profile", StudentOrAdmin),
    ("PUT", "/students/{id}/profile", StudentOrAdmin),
    ("GET", "/students/{id}/progress", StudentOrAdmin),
    ("PUT", "/students/{id}/progress", StudentOrAdmin),
    ("GET", "/students/{id}/home", Student),
    ("GET", "/students/{id}/learning", Student),
    ("GET", "/students/{id}/courses/{x}/state", Student),
    ("POST", "/students/{id}/support-tickets", Student),
    ("GET", "/students/{id}/claim-deal/check", Student),
    ("POST", "/students/{id}/claim-deal", Student),
    ("GET", "/students/{id}/referral-code", Student),
    ("POST", "/students/{id}/referral-code/redeem", Student),
    ("GET", "/students/{id}/referral-stats", Student),
    ("POST", "/students/{id}/invalidate-cache", Service),
    ("GET", "/trainers", Everyone),
    ("GET", "/trainers/{id}", Everyone),
    ("GET", "/trainers/{id}/profile", TrainerOrAdmin),
    ("PUT", "/trainers/{id}/profile", TrainerOrAdmin),
    ("GET", "/trainers/{id}/performance", TrainerOrAdmin),
    ("GET", "/trainers/{id}/substitutions", TrainerOrAdmin),
    ("GET", "/trainers/{id}/payroll/info", TrainerOrAdmin),
    ("GET", "/trainers/{id}/payroll/monthly", TrainerOrAdmin),
    ("GET", "/trainers/{id}/payroll/history", TrainerOrAdmin),
    ("POST", "/trainers/confirm-location", Caller::Trainer),
    ("GET", "/trainers/location/status", Caller::Trainer),
    ("PUT", "/trainers/{id}/availability", Caller::Trainer),
    (
        "POST",
        "/trainers/{id}/allocations/preference",
        Caller::Trainer,
    ),
    ("GET", "/trainers/{id}/bank-details", Caller::Trainer),
    ("PUT", "/trainers/{id}/bank-details", Caller::Trainer),
    ("POST", "/admin/auth/login", Everyone),
    ("POST", "/admin/auth/refresh", Everyone),
    ("POST", "/admin/auth/logout", Everyone),
    ("GET", "/admin/auth/me", Admin),
    ("POST", "/admin/auth/logout-all", Admin),
    ("POST", "/admin/auth/password/change", Admin),
    ("POST", "/admin/auth/totp/enroll", Admin),
    ("POST", "/admin/auth/totp/confirm", Admin),
    ("POST", "/admin/auth/totp/disable", Admin),
    ("GET", "/admin/admins", Permitted),
    ("POST", "/admin/admins", Permitted),
    ("GET", "/admin/admins/{x}", Permitted),
    ("PATCH", "/admin/admins/{x}", Permitted),
    ("GET", "/admin/roles", Permitted),
    ("PUT", "/admin/roles/zone_admin", Permitted),
    ("GET", "/admin/audit-log", Permitted),
    ("GET", "/admin/trainers/approvals", Permitted),
    ("GET", "/admin/trainers/approvals/statistics", Permitted),
    ("GET", "/admin/trainers/approvals/{x}", Permitted),
    ("POST", "/admin/trainers/approvals/{x}/approve", Permitted),
    ("POST", "/admin/trainers/approvals/{x}/reject", Permitted),
    ("POST", "/admin/trainers/approvals/{x}/hold", Permitted),
    ("POST", "/booking/create-booking", Student),
    ("POST", "/booking/auto-assign-trainer", Service),
    ("GET", "/booking/trainer-demand?city=Kochi", Permitted),
    ("POST", "/admin/journeys/start", Caller::Trainer),
    ("POST", "/admin/journeys/{x}/location", Caller::Trainer),
    ("POST", "/admin/journeys/{x}/arrived", Caller::Trainer),
    ("POST", "/admin/journeys/{x}/end", Caller::Trainer),
    ("GET", "/admin/journeys/{x}/live", StudentOrAdmin),
    ("POST", "/admin/reviews", Caller::StudentOrTrainer),
    ("GET", "/admin/reviews", Permitted),
];

/// Returns the methods and paths of the table.
pub(crate) fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.into_iter().map(|(method, path, _)| (method, path))
}

/// Acceptance 10: without a token, with a wrong role, with another user's ID.
pub(crate) async fn every_route_rejects_callers_without_rights_auth_5(app: &TestPlatform) {
    let live = app.student("asha@example.org").access;
    let token = |id: Uuid, role: Role| token_of(id, role, &live, Timeout::from_secs(600));
    let other = Uuid::from_u128(8);
    let [student, trainer, admin] =
        [Role::Student, Role::Trainer, Role::Admin].map(|role| token(USER, role));
    for (method, template, caller) in ROUTES {
        let path = template
            .replace("{id}", &USER.to_string())
            .replace("{x}", &other.to_string());
        let call = |token: &str| send(app, token, method, &path, &json!({}));
        if caller == Everyone {
            let answer = call("");
            // The request has no credentials, and a refresh needs a token that is not in a header.
            let rejected = match path.ends_with("/auth/refresh") {
                true => "TOKEN_INVALID",
                false => "INVALID_CREDENTIALS",
            };
            let is_public = is_reached(&answer) && answer.status != 403;
            let is_public = is_public || outcome(&answer) == (401, rejected.to_owned());
            assert!(is_public, "{method} {path}: {}", answer.body);
            continue;
        }
        assert_error(&call(""), 401, "TOKEN_MISSING");
        assert_error(&call("a.b.c"), 401, "TOKEN_INVALID");
        let wrong = match caller {
            Everyone => vec![],
            Student => vec![&trainer, &admin],
            Caller::Trainer => vec![&student, &admin],
            Caller::StudentOrTrainer => vec![&admin],
            // The administrator has no permission.
            StudentOrAdmin => vec![&trainer, &admin],
            TrainerOrAdmin => vec![&student, &admin],
            Permitted | Service => vec![&student, &trainer, &admin],
            Admin => vec![&student, &trainer],
        };
        for token in wrong {
            let (status, code) = outcome(&call(token));
            assert_eq!((status, &*code), (403, "FORBIDDEN"), "{method} {path}");
        }
        if template.contains("{id}") {
            for role in [Role::Student, Role::Trainer] {
                let (status, code) = outcome(&call(&token(other, role)));
                assert_eq!((status, &*code), (403, "FORBIDDEN"), "{method} {path}");
            }
        }
    }
}
