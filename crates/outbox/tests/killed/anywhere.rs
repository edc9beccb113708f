use std::{path::Path, thread, time::Duration};

use rand::RngExt as _;
use rustix::process::Signal;
use seaworthy_testkit::{mariadb::MariadbServer, postgres::PostgresServer, requirement::required};

use crate::trial::{Trial, times};

/// How often the process is killed; `SEAWORTHY_TEST_KILLS` sets another number, for long runs.
const KILLS: u32 = 5;
/// Within this time of its readiness it is killed: it stores, claims, publishes, writes down and consumes hundreds of times in it.
const LATEST: Duration = Duration::from_millis(400);
/// How many changes are made in all.
const CHANGES: u32 = 800;

async fn is_killed_again_and_again(database: String, folder: &Path) {
    let broker = format!("sqlite:{}", folder.join("broker.db").display());
    let trial = Trial { database, broker };
    let start = || {
        let mut process = trial.start(CHANGES, &[]);
        process.line("\"message\":\"ready\"").unwrap();
        process
    };
    for _ in 0..times("SEAWORTHY_TEST_KILLS", KILLS) {
        let process = start();
        thread::sleep(LATEST.mul_f64(rand::rng().random()));
        process.signal(Signal::KILL).unwrap();
        process.ended().unwrap();
    }
    trial.is_whole(start(), CHANGES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_twice_on_sqlite_msg_4_msg_5() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("trial.db").display());
    is_killed_again_and_again(url, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_twice_on_postgres_msg_4_msg_5() {
    let Some(programs) = required("SEAWORTHY_TEST_POSTGRES") else {
        return;
    };
    let server = PostgresServer::start(programs).unwrap();
    let folder = tempfile::tempdir().unwrap();
    is_killed_again_and_again(server.database("trial").unwrap(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_twice_on_mariadb_msg_4_msg_5() {
    let Some(program) = required("SEAWORTHY_TEST_MARIADB") else {
        return;
    };
    let server = MariadbServer::start(program).unwrap();
    let folder = tempfile::tempdir().unwrap();
    is_killed_again_and_again(server.database("trial").unwrap(), folder.path()).await;
}
