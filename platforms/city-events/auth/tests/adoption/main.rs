//! Adoption of a database that the legacy service made, by the program.

use city_events_contract::LegacyService;
use seaworthy::data::{Migration, MigrationSet};
use seaworthy_testkit::http::request;

const LEGACY: MigrationSet = MigrationSet::of_part(
    "fixture",
    &[Migration::new(
        1,
        "legacy",
        concat!(include_str!("schema.sql"), include_str!("rows.sql")),
        "",
    )],
);

async fn legacy() -> Option<LegacyService> {
    let secrets = ["jwt.secret", "audit_log.key", "internal_secret"];
    let program = env!("CARGO_BIN_EXE_city-events-auth");
    let service = LegacyService::create(program, LEGACY, &secrets).await?;
    Some(
        service
            .with_setting("service_calls.secret=dGhhdCBpcyBub3Qgd2hhdCB0aGUgb3RoZXIgb25lIGlz")
            .with_setting("server.grpc.addr=127.0.0.1:0"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_database_is_refused_unchanged_data_2() {
    let Some(service) = legacy().await else {
        return;
    };
    service
        .refuses_unadopted(
            "ALTER TABLE users ADD COLUMN further text",
            "ALTER TABLE users DROP COLUMN further",
            "users.further is unknown",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unconvertible_rows_are_all_reported_data_2() {
    let Some(service) = legacy().await else {
        return;
    };
    let changes = [
        "INSERT INTO users (id, email, role) VALUES ('00000000-0000-4000-8000-000000000004', ' ADA@example.org', 'user')",
        "UPDATE users SET username = repeat('x', 256) WHERE role = 'moderator'",
    ];
    let problems = [
        "users.email equals that of another user, ignoring case and spaces in 2 rows: 00000000-0000-4000-8000-000000000001, 00000000-0000-4000-8000-000000000004",
        "users.username is longer than 255 characters in 1 rows: 00000000-0000-4000-8000-000000000003",
    ];
    service.refuses_rows(&changes, &problems).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_database_has_all_rows_data_2() {
    let Some(service) = legacy().await else {
        return;
    };
    let counts = [
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
            3,
        ),
    ];
    service.adopts(&counts).await;
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
