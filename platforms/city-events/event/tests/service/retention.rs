//! Retention of the audit log.

use std::path::Path;

use seaworthy::{
    audit_log::{AuditLog, AuditLogConfig},
    core::Secret,
    data::sql,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    eventually,
    http::{get, request},
    process::{ProcessOutput, ServiceProcess},
};
use serde_json::Value;

use crate::app::{SECRET, TestApp, draft, start, start_with, user};

const PRUNE: &str = "prune audit log";
const VERIFY: &str = "verify audit log";

/// Returns the entry of a worker on the admin listener.
fn worker(app: &TestApp, name: &str) -> Option<Value> {
    let response = get(app.admin, "/workers").unwrap();
    assert_eq!(response.status, 200, "{}", response.body);
    let workers: Vec<Value> = serde_json::from_str(&response.body).unwrap();
    workers.into_iter().find(|worker| worker["name"] == name)
}

/// Runs a worker, and returns the number of its failures and its last error.
async fn run(app: &TestApp, name: &str) -> (u64, String) {
    let before = worker(app, name).unwrap()["runs"].as_u64();
    let path = format!("/workers/{}/run", name.replace(' ', "%20"));
    let response = request(app.admin, "POST", &path, &[("x-admin-request", "1")], "").unwrap();
    assert_eq!(response.status, 200, "{}", response.body);
    eventually(async || worker(app, name).unwrap()["runs"].as_u64() > before).await;
    let ended = worker(app, name).unwrap();
    (
        ended["failures"].as_u64().unwrap(),
        ended["last_error"].to_string(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pruning_worker_verifies_records_before_deletion_obs_11() {
    let app = start(EmptyDatabase::sqlite().unwrap()).await;
    assert_eq!(
        worker(&app, PRUNE),
        None,
        "without retention_days there is no pruning"
    );
    let empty = EmptyDatabase::sqlite().unwrap();
    let app = start_with(empty, &["audit_log.retention_days=30"]).await;
    let owner = user();
    app.create_published(&owner, &draft("Rust")).await;
    // A record with a forged time must fail the verification before pruning. The failure shows that
    // the worker runs.
    let forge = sql("UPDATE audit_log SET at_us = 1 WHERE sequence = 1");
    forge.execute(&app.database).await.unwrap();
    let (failures, error) = run(&app, PRUNE).await;
    assert_eq!(failures, 1);
    assert!(error.contains("record 1 was altered"), "{error}");
    let (records,): (i64,) = sql("SELECT COUNT(*) FROM audit_log")
        .fetch_one(&app.database)
        .await
        .unwrap();
    assert_eq!(records, 2);
}

/// An attacker who removes the last records and resets the end leaves a chain that is valid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verifying_worker_records_damage_as_a_metric_obs_9_obs_11() {
    let app = start(EmptyDatabase::sqlite().unwrap()).await;
    let is_damaged = |value: u8| {
        let metrics = get(app.admin, "/metrics").unwrap().body;
        metrics.contains(&format!("event_service_audit_log_damaged {value}\n"))
    };
    app.create_published(&user(), &draft("Rust")).await;
    assert!(is_damaged(0));
    assert_eq!(run(&app, VERIFY).await.0, 0);
    for statement in [
        "DELETE FROM audit_log WHERE sequence = 2",
        "UPDATE audit_log_chain SET last_sequence = 1, last_hash = (SELECT hash FROM audit_log)",
    ] {
        sql(statement).execute(&app.database).await.unwrap();
    }
    let (failures, error) = run(&app, VERIFY).await;
    assert_eq!(failures, 1);
    assert!(error.contains("record 2 is missing"), "{error}");
    assert!(is_damaged(1));
}

fn verify(database: &str, seen: (i64, &str)) -> ProcessOutput {
    verify_with(
        database,
        &["--reference", &format!("{}:{}", seen.0, seen.1)],
    )
}

fn verify_with(database: &str, more: &[&str]) -> ProcessOutput {
    let settings = [
        format!("database.url={database}"),
        format!("audit_log.key={SECRET}"),
        format!("jwt.secret={SECRET}"),
    ];
    let mut arguments = [&["audit-log", "verify"][..], more].concat();
    arguments.extend(settings.iter().flat_map(|set| ["--set", set.as_str()]));
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-event"));
    let process = ServiceProcess::spawn(program, &arguments, &[]).unwrap();
    process.wait_with_output().unwrap()
}

#[test]
fn audit_log_command_does_not_migrate_data_2() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let migrate = ["--set", "database.migrate_at_start=true"];
    let ended = verify_with(empty.url(), &migrate);
    assert!(!ended.status.success(), "{ended:#?}");
    assert!(ended.stderr.contains("run `migrate up`"), "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_fails_if_seen_record_is_pruned_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let url = empty.url().to_owned();
    let app = start(empty).await;
    let config = AuditLogConfig {
        key: Some(Secret::new(SECRET.to_owned())),
        ..AuditLogConfig::default()
    };
    let log = AuditLog::new(app.database.clone(), &config).unwrap();
    let owner = user();
    let mut seen = Vec::new();
    for title in ["one", "two", "three"] {
        app.create_draft(&owner, &draft(title)).await;
        seen.push(log.verify(None).await.unwrap().last_hash);
    }
    // SQLite has times in milliseconds, so a record can be too new at first.
    let pruned = async || {
        log.prune(0).await.unwrap();
        log.verify(None).await.unwrap().pruned_sequence == 2
    };
    eventually(pruned).await;
    let run = verify(&url, (2, &seen[1]));
    assert!(run.status.success(), "{run:#?}");
    let summary = "1 records verified, pruned up to 2, the last is 3:";
    assert!(run.stdout.concat().contains(summary), "{run:#?}");
    let run = verify(&url, (1, &seen[0]));
    assert_eq!(run.status.code(), Some(1), "{run:#?}");
    assert!(run.stdout.concat().contains(summary), "{run:#?}");
    let reason = "record 1 was pruned and cannot be compared";
    assert!(run.stderr.contains(reason), "{run:#?}");
}
