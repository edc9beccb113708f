use std::{path::Path, thread, time::Duration};

use rand::RngExt as _;
use rustix::process::Signal;
use seaworthy_testkit::database::EmptyDatabase;

use crate::trial::{Trial, times};

/// How often the process is killed. Long runs set another number by `SEAWORTHY_TEST_KILLS`.
const KILLS: u32 = 5;
/// The latest moment of a kill after readiness. The process stores, claims, publishes, settles and
/// consumes hundreds of events in this time.
const MAX_UPTIME: Duration = Duration::from_millis(400);
/// The total number of changes.
const CHANGES: u32 = 800;

async fn kill_repeatedly(database: String, folder: &Path) {
    let broker = format!("sqlite:{}", folder.join("broker.db").display());
    let trial = Trial { database, broker };
    let start = || {
        let mut process = trial.start(CHANGES, &[]);
        process.line("\"message\":\"ready\"").unwrap();
        process
    };
    for _ in 0..times("SEAWORTHY_TEST_KILLS", KILLS) {
        let process = start();
        thread::sleep(MAX_UPTIME.mul_f64(rand::rng().random()));
        process.signal(Signal::KILL).unwrap();
        process.wait_with_output().unwrap();
    }
    trial.is_whole(start(), CHANGES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_process_has_each_effect_once_on_sqlite_msg_4_msg_5() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("trial.db").display());
    kill_repeatedly(url, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_process_has_each_effect_once_on_postgres_msg_4_msg_5() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    kill_repeatedly(database.url().to_owned(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_process_has_each_effect_once_on_mariadb_msg_4_msg_5() {
    let Some(database) = EmptyDatabase::mariadb() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    kill_repeatedly(database.url().to_owned(), folder.path()).await;
}
