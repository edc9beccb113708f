use seaworthy::prelude::{Secret, Timeout};
use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};
use tutoring_contract::{AccessTokenConfig, AccessTokens, Role, Subject, Territory};
use tutoring_gateway::PUBLIC_ROUTES;
use uuid::Uuid;

use crate::app::{SECRET, TestPlatform, assert_error, json_of, outcome};

const STUDENTS: &str = "/students/auth";
/// The routes of a student's own account.
const OWN_ROUTES: [(&str, &str); 4] = [
    ("POST", "/students/auth/logout-all"),
    ("POST", "/students/auth/password/change"),
    ("GET", "/students/auth/profile"),
    ("PUT", "/students/auth/profile"),
];
/// The user of tokens that the tests sign.
pub(crate) const USER: Uuid = Uuid::from_u128(7);

/// Returns the claims of a token.
pub(crate) fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes());
    serde_json::from_slice(&claims.unwrap()).unwrap()
}

/// Signs a token of a user with this role, for the active session of another token.
pub(crate) fn token_with_role(role: Role, access: &str) -> String {
    token_of(USER, role, access, Timeout::from_secs(600))
}

/// Signs a token with this lifetime, for the active session of another token.
pub(crate) fn token_of(id: Uuid, role: Role, access: &str, lifetime: Timeout) -> String {
    let claims = claims_of(access);
    let config = AccessTokenConfig {
        secret: Some(Secret::new(SECRET.to_owned())),
        lifetime,
        ..AccessTokenConfig::default()
    };
    let subject = Subject {
        id,
        role,
        admin_roles: Vec::new(),
        permissions: Vec::new(),
        territory: Territory::default(),
        email: None,
        phone: None,
    };
    let tokens = AccessTokens::new(&config).unwrap();
    let signed = tokens
        .sign(&subject, claims["sid"].as_str().unwrap())
        .unwrap();
    signed.expose().clone()
}

/// Returns whether a route accepted the caller of a request, and did not fail.
pub(crate) fn is_reached(answer: &HttpResponse) -> bool {
    !matches!(answer.status, 401 | 405 | 500..) && !is_unknown_path(answer)
}

/// Returns whether no service has a route with the path of a request.
pub(crate) fn is_unknown_path(answer: &HttpResponse) -> bool {
    answer.status == 404 && answer.body.contains("no route matches this path")
}

pub(crate) async fn own_routes_need_token_and_role_auth_5(app: &TestPlatform) {
    let student = app.student("asha@example.org");
    let send = |method: &str, path: &str, authorization: Option<&str>| {
        let headers: Vec<_> = authorization
            .iter()
            .map(|value| ("authorization", *value))
            // A client cannot name a user by itself.
            .chain([("x-user-id", "7"), ("x-user-role", "student")])
            .collect();
        app.send(method, &format!("/api/v1{path}"), &headers, "{}")
    };
    for (method, path) in OWN_ROUTES {
        assert_error(&send(method, path, None), 401, "TOKEN_MISSING");
        assert_error(
            &send(method, path, Some("Bearer x.y.z")),
            401,
            "TOKEN_INVALID",
        );
        for role in [Role::Trainer, Role::Admin] {
            let bearer = format!("Bearer {}", token_with_role(role, &student.access));
            assert_error(&send(method, path, Some(&bearer)), 403, "FORBIDDEN");
        }
    }
    let bearer = format!("Bearer {}", student.access);
    let own = send("GET", "/students/auth/profile", Some(&bearer));
    assert_eq!(json_of(&own)["data"]["email"], "asha@example.org");
    // A student who was deleted.
    let bearer = format!("Bearer {}", token_with_role(Role::Student, &student.access));
    let unknown = send("GET", "/students/auth/profile", Some(&bearer));
    assert_error(&unknown, 401, "TOKEN_INVALID");
}

pub(crate) async fn public_routes_need_no_token_auth_5(app: &TestPlatform) {
    let mut count = 0;
    let routes = PUBLIC_ROUTES.iter();
    for (method, path) in routes.filter(|(_, path)| path.starts_with(STUDENTS)) {
        let answer = app.send(method, &format!("/api/v1{path}"), &[], "{}");
        let expected = match *path {
            "/students/auth/logout" => (200, String::new()),
            "/students/auth/refresh" => (401, "TOKEN_INVALID".to_owned()),
            _ => (400, "VALIDATION_ERROR".to_owned()),
        };
        assert_eq!(outcome(&answer), expected, "{path}: {}", answer.body);
        count += 1;
    }
    assert_eq!(count, 13);
}

pub(crate) async fn unknown_paths_are_404_api_1(app: &TestPlatform) {
    let student = app.student("asha@example.org");
    let bearer = format!("Bearer {}", student.access);
    for path in ["/api/v1/unknown", "/api/v2/students", "/unknown"] {
        for headers in [&[("authorization", bearer.as_str())][..], &[]] {
            let unknown = app.send("GET", path, headers, "");
            assert_error(&unknown, 404, "NOT_FOUND");
            assert!(is_unknown_path(&unknown), "{path}: {}", unknown.body);
        }
    }
    let headers = [("x-correlation-id", "order-7")];
    let answer = app.send("GET", "/api/v1/courses/7", &headers, "");
    assert_eq!(answer.header("x-correlation-id"), Some("order-7"));
    assert_eq!(json_of(&answer)["correlationId"], json!("order-7"));
}
