//! How long is kept who did what.

use std::path::Path;

use seaworthy::{
    audit_log::{AuditLog, AuditLogConfig},
    core::Secret,
    data::sql,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{get, request},
    process::{Ended, ServiceProcess},
};
use serde_json::Value;

use crate::house::{House, SECRET, draft, open, open_with, user};

const WORKER: &str = "prune audit log";

/// What operators see of the worker.
fn worker(house: &House) -> Option<Value> {
    let answer = get(house.admin, "/workers").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let workers: Vec<Value> = serde_json::from_str(&answer.body).unwrap();
    workers.into_iter().find(|worker| worker["name"] == WORKER)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_for_days_is_pruned_once_it_is_whole_obs_11() {
    let house = open(EmptyDatabase::sqlite().unwrap()).await;
    assert_eq!(worker(&house), None, "without the setting all is kept");
    let empty = EmptyDatabase::sqlite().unwrap();
    let house = open_with(empty, &["audit_log.retention_days=30"]).await;
    let owner = user();
    house.published(&owner, &draft("Rust")).await;
    // No test waits for a month, and a record that somebody has made older is what a pruning must not remove: that it was found tells that the worker works.
    let aged = sql("UPDATE audit_log SET at_us = 1 WHERE sequence = 1");
    aged.execute(&house.database).await.unwrap();
    let path = format!("/workers/{}/run", WORKER.replace(' ', "%20"));
    let asked = request(house.admin, "POST", &path, &[("x-admin-request", "1")], "").unwrap();
    assert_eq!(asked.status, 200, "{}", asked.body);
    let failed = async || worker(&house).unwrap()["failures"].as_u64() > Some(0);
    house.until(failed).await;
    let error = worker(&house).unwrap()["last_error"].to_string();
    assert!(error.contains("record 1 was altered"), "{error}");
    let (records,): (i64,) = sql("SELECT COUNT(*) FROM audit_log")
        .fetch_one(&house.database)
        .await
        .unwrap();
    assert_eq!(records, 2);
}

fn verify(database: &str, seen: (i64, &str)) -> Ended {
    let settings = [
        format!("database.url={database}"),
        format!("audit_log.key={SECRET}"),
        format!("jwt.secret={SECRET}"),
    ];
    let seen = format!("{}:{}", seen.0, seen.1);
    let mut arguments = vec!["audit-log", "verify", "--seen", &seen];
    arguments.extend(settings.iter().flat_map(|set| ["--set", set.as_str()]));
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-event"));
    let process = ServiceProcess::start_as_is(program, &arguments, &[]).unwrap();
    process.ended().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_that_could_not_compare_what_was_seen_does_not_end_well_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let url = empty.url().to_owned();
    let house = open(empty).await;
    let config = AuditLogConfig {
        key: Some(Secret::new(SECRET.to_owned())),
        ..AuditLogConfig::default()
    };
    let log = AuditLog::new(house.database.clone(), &config).unwrap();
    let owner = user();
    let mut seen = Vec::new();
    for title in ["one", "two", "three"] {
        house.draft(&owner, &draft(title)).await;
        seen.push(log.verify(None).await.unwrap().last_hash);
    }
    // The clock of SQLite ticks in milliseconds.
    let pruned = async || {
        log.prune(0).await.unwrap();
        log.verify(None).await.unwrap().pruned_sequence == 2
    };
    house.until(pruned).await;
    let ended = verify(&url, (2, &seen[1]));
    assert!(ended.status.success(), "{ended:#?}");
    let whole = "1 records verified, pruned up to 2, the last is 3:";
    assert!(ended.stdout.concat().contains(whole), "{ended:#?}");
    let ended = verify(&url, (1, &seen[0]));
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert!(ended.stdout.concat().contains(whole), "{ended:#?}");
    let why = "record 1 was pruned and cannot be compared";
    assert!(ended.stderr.contains(why), "{ended:#?}");
}
