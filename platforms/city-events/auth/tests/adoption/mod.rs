//! Adoption of a database that the legacy service made, by the program.

use seaworthy_testkit::{hs256_token, http::request};
use serde_json::json;

city_events_contract::adoption_tests! {
    program: env!("CARGO_BIN_EXE_city-events-auth"),
    secrets: ["jwt.secret", "audit_log.key", "internal_secret"],
    settings: ["service_calls.secret=dGhhdCBpcyBub3Qgd2hhdCB0aGUgb3RoZXIgb25lIGlz", "server.grpc.addr=127.0.0.1:0"],
    add: "ALTER TABLE users ADD COLUMN further text",
    drop: "ALTER TABLE users DROP COLUMN further",
    unknown: "users.further is unknown",
    changes: [
        "INSERT INTO users (id, email, role) VALUES ('00000000-0000-4000-8000-000000000004', ' ADA@example.org', 'user')",
        "UPDATE users SET username = repeat('x', 256) WHERE role = 'moderator'",
    ],
    problems: [
        "users.email equals that of another user, ignoring case and spaces in 2 rows: 00000000-0000-4000-8000-000000000001, 00000000-0000-4000-8000-000000000004",
        "users.username is longer than 255 characters in 1 rows: 00000000-0000-4000-8000-000000000003",
    ],
    counts: [
        ("SELECT count(*) FROM users", 3),
        (
            "SELECT count(*) FROM users WHERE email = 'ada@example.org' AND role = 'admin' AND email_verified AND password_hash LIKE '$2a$12$%'",
            1,
        ),
        ("SELECT count(*) FROM users WHERE locked", 1),
        (
            "SELECT count(*) FROM oauth_identities WHERE provider_user_id = '4711' AND NOT email_verified",
            1,
        ),
        (
            "SELECT max(version) FROM account_versions WHERE user_id = '00000000-0000-4000-8000-000000000002'",
            4,
        ),
    ],
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_users_log_in_auth_2() {
    let Some(service) = legacy().await else {
        return;
    };
    service.succeed(&["migrate", "adopt"]);
    let mut process = service.start(&["serve"]);
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    let log_in = |email: &str| {
        let body = format!(r#"{{"email":"{email}","password":"correct horse battery"}}"#);
        let headers = [("content-type", "application/json")];
        request(http, "POST", "/auth/v1/login", &headers, &body).unwrap()
    };
    let answer = log_in("ada@example.org");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains("\"admin\""), "{}", answer.body);
    let locked = log_in("locked@example.org");
    assert_eq!(locked.status, 401, "{}", locked.body);
    let replaced = "SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$%'";
    assert_eq!(service.count(replaced).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_access_tokens_stay_valid_auth_1() {
    const SECRET: &str = "a secret of this test with 32 bytes or more";
    let Some(service) = legacy().await else {
        return;
    };
    let service = service.with_setting(&format!("jwt.secret={SECRET}"));
    service.succeed(&["migrate", "adopt"]);
    let mut process = service.start(&["serve"]);
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    let status = |user: u32, role: &str, version: Option<u32>| {
        let id = format!("00000000-0000-4000-8000-00000000000{user}");
        let mut claims = json!({ "uid": id, "sub": id, "role": role, "iss": "auth" });
        if let Some(version) = version {
            claims["ver"] = version.into();
        }
        let bearer = format!("Bearer {}", hs256_token(SECRET, claims));
        let headers = [("authorization", &*bearer)];
        let answer = request(http, "GET", "/auth/v1/me", &headers, "").unwrap();
        (answer.status, answer.body)
    };
    for (user, role, version, expected) in [
        (1, "admin", None, 200),
        (1, "admin", Some(0), 200),
        (3, "moderator", None, 200),
        // The adoption revokes the tokens of locked users.
        (2, "user", None, 401),
        (2, "user", Some(2), 401),
        (2, "user", Some(3), 401),
    ] {
        let (status, body) = status(user, role, version);
        assert_eq!(status, expected, "{user} {version:?}: {body}");
    }
}
