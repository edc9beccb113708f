//! Tests of the log lines of business events.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::path::Path;

use seaworthy::{
    core::new_id,
    data::{Database, DatabaseConfig, sql},
};
use seaworthy_testkit::{app::TestApp, hs256_token, http::request};
use serde_json::{Value, json};
use uuid::Uuid;

const SECRET: &str = "a secret of the tests that is long enough";

fn token(user: Uuid) -> String {
    hs256_token(SECRET, json!({ "uid": user, "role": "user" }))
}

/// Inserts a published event with one seat.
async fn insert_event(url: &str) -> Uuid {
    let config = DatabaseConfig::at(url.parse().unwrap());
    let database = Database::builder("test", config).open().await.unwrap();
    let event = new_id();
    let now = chrono::Utc::now();
    sql("INSERT INTO event_capacity (event_id, capacity, state, announced_at, created_at, updated_at) VALUES (?, 1, 'open', ?, ?, ?)")
        .bind(event)
        .bind(now)
        .bind(now)
        .bind(now)
        .execute(&database)
        .await
        .unwrap();
    event
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_changes_of_joins_are_logged_with_fields_obs_11() {
    let builder = TestApp::builder(Path::new(env!("CARGO_BIN_EXE_city-events-join"))).unwrap();
    let path = |name: &str| format!("sqlite:{}", builder.directory().join(name).display());
    let (database, broker) = (path("join.db"), path("broker.db"));
    let mut app = builder
        .setting("server.grpc.addr=127.0.0.1:0")
        .setting(&format!("database.url={database}"))
        .setting("database.migrate_at_start=true")
        .setting(&format!("broker.url={broker}"))
        .setting(&format!("jwt.secret={SECRET}"))
        .setting(&format!("audit_log.key={SECRET}"))
        .start()
        .unwrap();
    let event = insert_event(&database).await;
    let (one, two) = (new_id(), new_id());
    let send = |method: &str, path: &str, user: Uuid, body: &str| {
        let authorization = format!("Bearer {}", token(user));
        let key = new_id().to_string();
        let headers = [
            ("authorization", authorization.as_str()),
            ("idempotency-key", key.as_str()),
            ("x-request-id", "request-1"),
        ];
        let response = request(app.http, method, path, &headers, body).unwrap();
        assert_eq!(response.status, 200, "{}", response.body);
    };
    let body = json!({ "event_id": event }).to_string();
    send("POST", "/api/v1/join", one, &body);
    send("POST", "/api/v1/join", two, &body);
    send("DELETE", &format!("/api/v1/join/{event}"), one, "");

    let mut next = |message: &str| -> Value {
        let line = app
            .process
            .line(&format!("\"message\":\"{message}\""))
            .unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["event"], event.to_string(), "{line}");
        assert_eq!(line["request_id"], "request-1", "{line}");
        line
    };
    let created = next("join created");
    assert_eq!(created["user"], one.to_string());
    assert_eq!(created["status"], "active");
    let canceled = next("join canceled");
    assert_eq!(canceled["user"], one.to_string());
    assert_eq!(canceled["previous_status"], "active");
    let promoted = next("join promoted");
    assert_eq!(promoted["user"], two.to_string());
}
