use std::os::unix::process::ExitStatusExt as _;

use rand::RngExt as _;
use rustix::process::Signal;
use seaworthy_testkit::{database::EmptyDatabase, rabbitmq::RabbitmqServer, requirement::required};

use crate::trial::{Trial, times};

/// The steps of the example after which it kills itself.
const POINTS: [&str; 4] = [
    "after_commit",
    "after_claim",
    "after_publish",
    "before_settle",
];
/// How often it dies at each. Long runs set another number by `SEAWORTHY_TEST_DEATHS`.
const DEATHS: u32 = 3;
/// The maximum number of changes of a process before it dies.
const CHANGES: u32 = 40;

/// Three relays and a real broker. The process dies at each step several times.
async fn die_at_every_step(database: String) {
    let Some(programs) = required("SEAWORTHY_TEST_RABBITMQ") else {
        return;
    };
    let server = RabbitmqServer::start(programs).unwrap();
    let broker = server.url();
    let trial = Trial { database, broker };
    let mut changes = 0;
    for _ in 0..times("SEAWORTHY_TEST_DEATHS", DEATHS) {
        for point in POINTS {
            changes += CHANGES;
            let settings = [
                format!("dies={point}"),
                format!("dies_at={}", rand::rng().random_range(1..=3)),
                // Small batches, so that there are several to die in.
                "outbox.relay.batch_size=5".to_owned(),
                "outbox.relay.claim_ttl=500ms".to_owned(),
            ];
            let ended = trial.start(changes, &settings).wait_with_output().unwrap();
            let killed = Some(Signal::KILL.as_raw());
            assert_eq!(ended.status.signal(), killed, "{point}: {ended:?}");
        }
    }
    // Most processes died before they had made all of their changes.
    let changes = trial.changes().await + CHANGES;
    trial.is_whole(trial.start(changes, &[]), changes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn death_at_every_step_loses_nothing_on_postgres_msg_4_msg_5() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    die_at_every_step(database.url().to_owned()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn death_at_every_step_loses_nothing_on_mariadb_msg_4_msg_5() {
    let Some(database) = EmptyDatabase::mariadb() else {
        return;
    };
    die_at_every_step(database.url().to_owned()).await;
}
