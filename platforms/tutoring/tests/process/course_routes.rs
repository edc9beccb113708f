//! Every route of section 6.4 through the gateway, for callers without rights.

use seaworthy::prelude::Timeout;
use serde_json::json;
use tutoring_contract::Role;
use uuid::Uuid;

use crate::{
    app::{TestPlatform, assert_error, json_of, outcome},
    authorization::{USER, is_reached, is_unknown_path, token_of},
    students::send,
};

/// The callers that a route accepts.
#[derive(Clone, Copy)]
enum Caller {
    Everyone,
    /// Every user, for objects that the request creates.
    User,
    /// Users with this role. The object with the ID in the path does not belong to them.
    Roles(&'static [Role]),
    /// Administrators with a permission.
    Permitted,
    /// Other services.
    Service,
}
use Caller::{Everyone, Permitted, Roles, Service, User};

const STUDENT: Caller = Roles(&[Role::Student]);
const TRAINER: Caller = Roles(&[Role::Trainer]);
const STUDENT_OR_TRAINER: Caller = Roles(&[Role::Student, Role::Trainer]);

/// Methods, paths under `/api/v1` and callers. `{id}` is the ID of a user, `{x}` any other ID.
const ROUTES: &[(&str, &str, Caller)] = &[
    ("GET", "/courses", Everyone),
    ("GET", "/courses/{x}", Everyone),
    ("GET", "/courses/{x}/structure", Everyone),
    ("GET", "/courses/{x}/phases", Everyone),
    ("GET", "/phases/{x}/levels", Everyone),
    ("GET", "/levels/{x}/sessions", Everyone),
    ("GET", "/projects/public", Everyone),
    ("GET", "/certificates/{x}", Everyone),
    ("GET", "/certificates/{x}/pdf", Everyone),
    ("POST", "/courses", Permitted),
    ("PUT", "/courses/{x}", Permitted),
    ("PATCH", "/courses/{x}", Permitted),
    ("DELETE", "/courses/{x}", Permitted),
    ("POST", "/courses/{x}/phases", Permitted),
    ("POST", "/courses/{x}/videos", Permitted),
    ("POST", "/courses/{x}/materials", Permitted),
    ("POST", "/courses/{x}/assignments", Permitted),
    ("POST", "/assignments", Permitted),
    ("POST", "/phases/{x}/levels", Permitted),
    ("POST", "/levels/{x}/sessions", Permitted),
    ("PUT", "/levels/{x}/exam", Permitted),
    ("POST", "/purchases", Service),
    ("POST", "/purchases/{x}/upgrade", Service),
    ("GET", "/students/{id}/courses/{x}/purchase", STUDENT),
    ("GET", "/students/{id}/courses/{x}/progress", STUDENT),
    ("GET", "/students/{id}/courses/{x}/access/{x}", STUDENT),
    ("GET", "/students/{id}/projects", STUDENT),
    ("POST", "/students/{id}/levels/{x}/exam/submit", STUDENT),
    ("GET", "/levels/{x}/exam", STUDENT),
    ("GET", "/levels/{x}/completion", STUDENT),
    ("POST", "/progress/video-watched", STUDENT),
    ("POST", "/progress/sheet-previewed", STUDENT),
    ("POST", "/progress/quiz", STUDENT),
    ("POST", "/projects", STUDENT),
    ("GET", "/projects/community", STUDENT),
    ("POST", "/assignments/{x}/submit", STUDENT),
    ("POST", "/projects/{x}/review", TRAINER),
    ("POST", "/submissions/{x}/grade", TRAINER),
    ("GET", "/assignments/{x}/submissions", TRAINER),
    ("GET", "/assignments/{x}", STUDENT_OR_TRAINER),
    ("GET", "/courses/{x}/assignments", STUDENT_OR_TRAINER),
    ("GET", "/courses/{x}/videos", STUDENT_OR_TRAINER),
    ("GET", "/courses/{x}/materials", STUDENT_OR_TRAINER),
    ("GET", "/videos/{x}", STUDENT_OR_TRAINER),
    ("GET", "/sessions/{x}", STUDENT_OR_TRAINER),
    ("POST", "/upload/sign", User),
];

/// Returns the methods and paths of the table.
pub(crate) fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|(method, path, _)| (*method, *path))
}

/// Acceptance 10: without a token, with a wrong role, with another user's ID.
pub(crate) async fn course_routes_reject_callers_without_rights_auth_5(app: &TestPlatform) {
    let live = app.student("asha@example.org").access;
    let token = |id: Uuid, role: Role| token_of(id, role, &live, Timeout::from_secs(600));
    let other = Uuid::from_u128(8);
    for (method, template, caller) in ROUTES {
        let path = template
            .replace("{id}", &USER.to_string())
            .replace("{x}", &other.to_string());
        let call = |token: &str| send(app, token, method, &path, &json!({}));
        if matches!(caller, Everyone) {
            let answer = call("");
            let is_public = is_reached(&answer) && answer.status != 403;
            assert!(is_public, "{method} {path}: {}", answer.body);
            continue;
        }
        assert_error(&call(""), 401, "TOKEN_MISSING");
        assert_error(&call("a.b.c"), 401, "TOKEN_INVALID");
        for role in Role::ALL {
            let answer = call(&token(USER, role));
            let (status, code) = outcome(&answer);
            let is_allowed = match caller {
                Roles(roles) => roles.contains(&role),
                User => true,
                // The administrator has no permission.
                Everyone | Permitted | Service => false,
            };
            match is_allowed {
                // The objects do not exist or belong to others, and the body is empty.
                true => assert!(
                    matches!(status, 200 | 400 | 404) && !is_unknown_path(&answer),
                    "{method} {path}: {}",
                    answer.body
                ),
                false => assert_eq!(
                    (status, &*code),
                    (403, "FORBIDDEN"),
                    "{method} {path} {role:?}"
                ),
            }
        }
        if template.contains("{id}") {
            for role in [Role::Student, Role::Trainer] {
                let (status, code) = outcome(&call(&token(other, role)));
                let is_hidden = matches!((status, &*code), (403, "FORBIDDEN") | (404, "NOT_FOUND"));
                assert!(is_hidden, "{method} {path}: {status} {code}");
            }
        }
    }
}

pub(crate) async fn certificate_page_is_public_api_1(app: &TestPlatform) {
    let page = app.send("GET", "/certificates/7", &[], "");
    assert_eq!(page.status, 404, "{}", page.body);
    assert!(page.body.contains("No certificate has this number"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    // The page takes no other method, and nothing else is below it.
    let refused = app.send("POST", "/certificates/7", &[], "{}");
    assert_error(&refused, 401, "TOKEN_MISSING");
    assert_eq!(app.send("GET", "/certificates/7/8", &[], "").status, 404);
    assert_eq!(app.send("GET", "/certificates", &[], "").status, 404);
}

/// The catalogue's routes of the legacy service have no version in their paths.
pub(crate) async fn course_routes_have_aliases_api_1(app: &TestPlatform) {
    let course = |path: &str| json_of(&app.send("GET", path, &[], ""))["data"]["items"][0].clone();
    let found = course("/api/courses");
    assert_eq!(found["title"], "Robotics");
    assert_eq!(found, course("/api/v1/courses"));
    let structure = format!("/api/courses/{}/structure", found["id"].as_str().unwrap());
    assert_eq!(app.send("GET", &structure, &[], "").status, 200);
    let live = app.student("asha@example.org").access;
    let bearer = format!("Bearer {live}");
    let unknown = Uuid::from_u128(8);
    for path in ["videos", "assignments"] {
        let path = format!("/api/{path}/{unknown}");
        assert_error(&app.send("GET", &path, &[], ""), 401, "TOKEN_MISSING");
        let answer = app.send("GET", &path, &[("authorization", &bearer)], "");
        assert_error(&answer, 404, "NOT_FOUND");
    }
}
