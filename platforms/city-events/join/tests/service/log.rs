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

async fn open(url: &str) -> Database {
    let config = DatabaseConfig::from_url(url.parse().unwrap());
    Database::builder("test", config).open().await.unwrap()
}

/// Inserts a published event with a number of seats.
async fn insert_event(url: &str, seats: i32) -> Uuid {
    let database = open(url).await;
    let event = new_id();
    let now = chrono::Utc::now();
    sql("INSERT INTO event_capacity (event_id, capacity, state, announced_at, created_at, updated_at) VALUES (?, ?, 'open', ?, ?, ?)")
        .bind(event)
        .bind(seats)
        .bind(now)
        .bind(now)
        .bind(now)
        .execute(&database)
        .await
        .unwrap();
    event
}

/// Cancels an event, as the message of a cancellation does.
async fn cancel_event(url: &str, event: Uuid, reason: &str) {
    let database = open(url).await;
    sql("UPDATE event_capacity SET state = 'canceled' WHERE event_id = ?")
        .bind(event)
        .execute(&database)
        .await
        .unwrap();
    sql("INSERT INTO event_cancellations (event_id, reason, trace_id, canceled_at) VALUES (?, ?, '', ?)")
        .bind(event)
        .bind(reason)
        .bind(chrono::Utc::now())
        .execute(&database)
        .await
        .unwrap();
}

fn start() -> (TestApp, String) {
    let builder = TestApp::builder(Path::new(env!("CARGO_BIN_EXE_city-events-join"))).unwrap();
    let path = |name: &str| format!("sqlite:{}", builder.directory().join(name).display());
    let (database, broker) = (path("join.db"), path("broker.db"));
    let app = builder
        .setting("server.grpc.addr=127.0.0.1:0")
        .setting(&format!("database.url={database}"))
        .setting("database.migrate_at_start=true")
        .setting(&format!("broker.url={broker}"))
        .setting(&format!("jwt.secret={SECRET}"))
        .setting(&format!("audit_log.key={SECRET}"))
        .start()
        .unwrap();
    (app, database)
}

/// Sends a request of a user with its own idempotency key.
fn send(app: &TestApp, method: &str, path: &str, user: Uuid, body: &str) {
    let authorization = format!("Bearer {}", token(user));
    let key = new_id().to_string();
    let headers = [
        ("authorization", authorization.as_str()),
        ("idempotency-key", key.as_str()),
        ("x-request-id", "request-1"),
    ];
    let response = request(app.http, method, path, &headers, body).unwrap();
    assert_eq!(response.status, 200, "{}", response.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_changes_of_joins_are_logged_with_fields_obs_11() {
    let (mut app, database) = start();
    let event = insert_event(&database, 1).await;
    let (one, two) = (new_id(), new_id());
    let body = json!({ "event_id": event }).to_string();
    send(&app, "POST", "/api/v1/join", one, &body);
    send(&app, "POST", "/api/v1/join", two, &body);
    send(&app, "DELETE", &format!("/api/v1/join/{event}"), one, "");

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expiry_of_joins_is_logged_with_count_and_reason_obs_11() {
    let (mut app, database) = start();
    let event = insert_event(&database, 3).await;
    let body = json!({ "event_id": event }).to_string();
    for _ in 0..3 {
        send(&app, "POST", "/api/v1/join", new_id(), &body);
    }
    cancel_event(&database, event, "storm").await;
    let line = app.process.line("\"message\":\"joins expired\"").unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["event"], event.to_string(), "{line}");
    assert_eq!(line["count"], 3, "{line}");
    assert_eq!(line["reason"], "storm", "{line}");
}
