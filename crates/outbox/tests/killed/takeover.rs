use std::{
    os::unix::process::ExitStatusExt as _,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use seaworthy_testkit::{database::EmptyDatabase, once_within};

use crate::trial::Trial;

/// The time after which another process has published the events of a killed one.
const TAKEOVER: Duration = Duration::from_secs(5);

/// A process is killed after it claimed an event, with the default settings of relays.
async fn published_after_a_kill(database: String) {
    let folder = tempfile::tempdir().unwrap();
    let broker = format!("sqlite:{}", folder.path().join("broker.db").display());
    let trial = Trial { database, broker };
    let take_over = async |changes| {
        let killed = trial.start_with_defaults(changes, &["dies=after_claim".to_owned()]);
        let ended = killed.wait_with_output().unwrap();
        assert_eq!(ended.status.signal(), Some(Signal::KILL.as_raw()));
        let mut successor = trial.start_with_defaults(changes, &[]);
        successor.line("\"message\":\"ready\"").unwrap();
        let ready = Instant::now();
        trial.has_effects(changes).await;
        let elapsed = ready.elapsed();
        trial.is_whole(successor, changes).await;
        elapsed
    };
    once_within(TAKEOVER, take_over).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_process_events_are_published_within_5_s_on_sqlite_msg_4() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("trial.db");
    published_after_a_kill(format!("sqlite:{}", database.display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_process_events_are_published_within_5_s_on_postgres_msg_4() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    published_after_a_kill(database.url().to_owned()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_process_events_are_published_within_5_s_on_mariadb_msg_4() {
    let Some(database) = EmptyDatabase::mariadb() else {
        return;
    };
    published_after_a_kill(database.url().to_owned()).await;
}
