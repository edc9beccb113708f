//! A singleton worker whose lease is in the database (WORK-2).

use std::time::{Duration, Instant};

use rustix::process::Signal;
use seaworthy_testkit::{
    database::EmptyDatabase,
    once_within,
    process::{ServiceProcess, example},
};
use serde_json::Value;

/// The time that WORK-2 allows after the death of the holder.
const MAX_FAILOVER: Duration = Duration::from_secs(15);

fn start(url: &str) -> ServiceProcess {
    let url = format!("database.url={url}");
    let arguments = ["--set", &url, "--set", "database.migrate_at_start=true"];
    ServiceProcess::start(&example("shift"), &arguments, &[]).unwrap()
}

/// Waits until the process runs the worker. Returns its fencing token.
fn on_shift(process: &mut ServiceProcess) -> u64 {
    let line = process.line("on shift").unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    line["fence"].as_u64().unwrap()
}

async fn moves_when_its_holder_is_killed(url: &str) {
    let mut last = None;
    let fail_over = async |_| {
        let mut first = last
            .take()
            .map_or_else(|| start(url), |(process, _)| process);
        let token = on_shift(&mut first);
        let mut second = start(url);
        second.line("\"message\":\"ready\"").unwrap();
        first.signal(Signal::KILL).unwrap();
        first.wait_with_output().unwrap();
        let killed = Instant::now();
        let next = on_shift(&mut second);
        let elapsed = killed.elapsed();
        assert!(next > token, "{next} follows {token}");
        last = Some((second, next));
        elapsed
    };
    once_within(MAX_FAILOVER, fail_over).await;
    let (second, next) = last.unwrap();

    let mut third = start(url);
    third.line("\"message\":\"ready\"").unwrap();
    second.signal(Signal::TERM).unwrap();
    let log = second.wait_with_output().unwrap().stdout.join("\n");
    let shifts = log.matches("on shift").count();
    assert_eq!(shifts, 1, "{log}");
    assert!(on_shift(&mut third) > next, "a stop gives the lease back");
}

#[tokio::test]
async fn singleton_moves_when_holder_is_killed_on_sqlite_work_2() {
    let folder = tempfile::tempdir().unwrap();
    moves_when_its_holder_is_killed(&format!(
        "sqlite:{}",
        folder.path().join("shift.db").display()
    ))
    .await;
}

#[tokio::test]
async fn singleton_moves_when_holder_is_killed_on_postgres_work_2() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    moves_when_its_holder_is_killed(database.url()).await;
}

#[tokio::test]
async fn singleton_moves_when_holder_is_killed_on_mariadb_work_2() {
    let Some(database) = EmptyDatabase::mariadb() else {
        return;
    };
    moves_when_its_holder_is_killed(database.url()).await;
}
