//! Adoption of a database that the legacy service made, by the program.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::Path;

use city_events_contract::{create_legacy_database, list_tables};
use seaworthy::data::{Database, Migration, MigrationSet, sql};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::request,
    process::{Ended, ServiceProcess},
};

const LEGACY: MigrationSet = MigrationSet::of_part(
    "fixture",
    &[Migration::new(
        1,
        "legacy",
        concat!(include_str!("schema.sql"), include_str!("rows.sql")),
        "",
    )],
);
/// A value of every secret.
const SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";

fn start(url: &str, arguments: &[&str]) -> ServiceProcess {
    let settings = [
        format!("database.url={url}"),
        format!("jwt.secret={SECRET}"),
        format!("audit_log.key={SECRET}"),
        format!("internal_secret={SECRET}"),
        "service_calls.secret=dGhhdCBpcyBub3Qgd2hhdCB0aGUgb3RoZXIgb25lIGlz".to_owned(),
        "broker.url=memory:".to_owned(),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "server.grpc.addr=127.0.0.1:0".to_owned(),
        "log.format=json".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
    ];
    let mut all = vec!["--profile", "test"];
    all.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    all.extend(arguments);
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-auth"));
    ServiceProcess::start_as_is(program, &all, &[]).unwrap()
}

fn run(url: &str, arguments: &[&str]) -> Ended {
    start(url, arguments).ended().unwrap()
}

fn succeed(url: &str, arguments: &[&str]) {
    let ended = run(url, arguments);
    assert!(ended.status.success(), "{ended:#?}");
}

async fn count(database: &Database, text: &'static str) -> i64 {
    let (count,): (i64,) = sql(text).fetch_one(database).await.unwrap();
    count
}

async fn execute(database: &Database, text: &'static str) {
    sql(text).execute(database).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_database_is_refused_unchanged_data_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let url = empty.url();
    let legacy = create_legacy_database(url.parse().unwrap(), LEGACY)
        .await
        .unwrap();
    let before = list_tables(&legacy).await.unwrap();
    let migrating = ["--set", "database.migrate_at_start=true", "serve"];
    for arguments in [&["serve"][..], &migrating, &["migrate", "up"]] {
        let refused = run(url, arguments);
        assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
        assert!(refused.stderr.contains("`migrate adopt`"), "{refused:#?}");
    }
    execute(&legacy, "ALTER TABLE users ADD COLUMN further text").await;
    let refused = run(url, &["migrate", "adopt"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
    assert!(
        refused.stderr.contains("users.further is unknown"),
        "{refused:#?}"
    );
    execute(&legacy, "ALTER TABLE users DROP COLUMN further").await;
    assert_eq!(list_tables(&legacy).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn unconvertible_rows_are_all_reported_data_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let url = empty.url();
    let legacy = create_legacy_database(url.parse().unwrap(), LEGACY)
        .await
        .unwrap();
    let before = list_tables(&legacy).await.unwrap();
    execute(
        &legacy,
        "INSERT INTO users (id, email, role) VALUES ('00000000-0000-4000-8000-000000000004', ' ADA@example.org', 'user')",
    )
    .await;
    execute(
        &legacy,
        "UPDATE users SET username = repeat('x', 256) WHERE role = 'moderator'",
    )
    .await;
    let refused = run(url, &["migrate", "adopt"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
    for problem in [
        "users.email equals that of another user, ignoring case and spaces in 2 rows: 00000000-0000-4000-8000-000000000001, 00000000-0000-4000-8000-000000000004",
        "users.username is longer than 255 characters in 1 rows: 00000000-0000-4000-8000-000000000003",
    ] {
        assert!(refused.stderr.contains(problem), "{problem}: {refused:#?}");
    }
    assert_eq!(list_tables(&legacy).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_database_has_all_rows_data_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let url = empty.url();
    let legacy = create_legacy_database(url.parse().unwrap(), LEGACY)
        .await
        .unwrap();
    let before = list_tables(&legacy).await.unwrap();
    succeed(url, &["migrate", "adopt", "--dry-run"]);
    assert_eq!(list_tables(&legacy).await.unwrap(), before);
    succeed(url, &["migrate", "adopt"]);
    succeed(url, &["migrate", "verify"]);
    assert_eq!(count(&legacy, "SELECT count(*) FROM users").await, 3);
    assert_eq!(
        count(
            &legacy,
            "SELECT count(*) FROM users WHERE email = 'ada@example.org' AND role = 'admin' AND email_verified AND password_hash LIKE '$2a$12$%'"
        )
        .await,
        1
    );
    assert_eq!(
        count(&legacy, "SELECT count(*) FROM users WHERE locked").await,
        1
    );
    assert_eq!(
        count(
            &legacy,
            "SELECT count(*) FROM oauth_identities WHERE provider_user_id = '4711' AND NOT email_verified"
        )
        .await,
        1
    );
    assert_eq!(
        count(
            &legacy,
            "SELECT max(version) FROM account_versions WHERE user_id = '00000000-0000-4000-8000-000000000002'"
        )
        .await,
        3
    );
    assert_eq!(
        run(url, &["migrate", "adopt", "--undo"]).status.code(),
        Some(2)
    );
    succeed(url, &["migrate", "adopt", "--undo", "--discard-changes"]);
    assert_eq!(list_tables(&legacy).await.unwrap(), before);
    succeed(url, &["migrate", "adopt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_users_log_in_auth_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let url = empty.url();
    let legacy = create_legacy_database(url.parse().unwrap(), LEGACY)
        .await
        .unwrap();
    succeed(url, &["migrate", "adopt"]);
    let mut service = start(url, &["serve"]);
    let (http, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
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
    assert_eq!(count(&legacy, replaced).await, 1);
}
