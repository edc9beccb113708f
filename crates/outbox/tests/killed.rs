//! A process that is killed at any moment loses nothing and does nothing twice (MSG-4, MSG-5).

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

use std::{
    collections::BTreeMap,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rand::RngExt as _;
use rustix::process::Signal;
use seaworthy_data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::{
    mariadb::MariadbServer,
    postgres::PostgresServer,
    process::{ServiceProcess, example},
    requirement::required,
};

/// How often the process is killed; `SEAWORTHY_TEST_KILLS` sets another number, for long runs.
const KILLS: u32 = 5;
/// Within this time of its readiness it is killed: it stores, claims, publishes, writes down and consumes hundreds of times in it.
const LATEST: Duration = Duration::from_millis(400);
/// How many changes are made in all.
const CHANGES: i64 = 800;
/// Nothing that is waited for takes longer on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(180);

fn start(url: &str, folder: &Path) -> ServiceProcess {
    let broker = format!("broker.url=sqlite:{}", folder.join("broker.db").display());
    let settings = [
        format!("database.url={url}"),
        "database.migrate_at_start=true".to_owned(),
        broker,
        format!("changes={CHANGES}"),
        "lifecycle.drain_delay=0s".to_owned(),
        // The claims of one that was killed end soon.
        "outbox.relay.claim=1s".to_owned(),
        "outbox.relay.batch=20".to_owned(),
    ];
    let arguments: Vec<&str> = settings
        .iter()
        .flat_map(|setting| ["--set", setting])
        .collect();
    let mut process = ServiceProcess::start(&example("outbox_trial"), &arguments, &[]).unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    process
}

async fn numbers(database: &Database, statement: &'static str) -> Vec<i64> {
    let rows: Vec<(i64,)> = sql(statement).fetch_all(database).await.unwrap();
    rows.into_iter().map(|(number,)| number).collect()
}

async fn is_killed_again_and_again(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let kills = std::env::var("SEAWORTHY_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    for _ in 0..kills {
        let process = start(url, folder.path());
        thread::sleep(LATEST.mul_f64(rand::rng().random()));
        process.signal(Signal::KILL).unwrap();
        process.ended().unwrap();
    }
    let process = start(url, folder.path());
    let database = Database::builder("test", DatabaseConfig::at(url.parse().unwrap()))
        .open()
        .await
        .unwrap();
    let begun = Instant::now();
    let expected = usize::try_from(CHANGES).unwrap();
    while numbers(&database, "SELECT number FROM effects").await.len() < expected {
        assert!(begun.elapsed() < PATIENCE, "events are missing");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    process.signal(Signal::TERM).unwrap();
    assert_eq!(process.ended().unwrap().status.code(), Some(0));

    let changes = numbers(&database, "SELECT number FROM changes ORDER BY number").await;
    let effects = numbers(&database, "SELECT number FROM effects ORDER BY sequence").await;
    let mut sorted = effects.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, changes, "each change has one effect");
    let mut by_key: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for number in effects {
        by_key.entry(number % 4).or_default().push(number);
    }
    for (key, numbers) in by_key {
        let late = numbers.windows(2).find(|pair| !pair.is_sorted());
        assert_eq!(late, None, "the order of key {key}");
    }
    let left = numbers(&database, "SELECT sequence FROM outbox").await;
    assert!(left.is_empty(), "{} rows are stranded", left.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_twice_on_sqlite_msg_4_msg_5() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("trial.db").display());
    is_killed_again_and_again(&url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_twice_on_postgres_msg_4_msg_5() {
    let Some(programs) = required("SEAWORTHY_TEST_POSTGRES") else {
        return;
    };
    let server = PostgresServer::start(programs).unwrap();
    is_killed_again_and_again(&server.database("trial").unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_twice_on_mariadb_msg_4_msg_5() {
    let Some(program) = required("SEAWORTHY_TEST_MARIADB") else {
        return;
    };
    let server = MariadbServer::start(program).unwrap();
    is_killed_again_and_again(&server.database("trial").unwrap()).await;
}
