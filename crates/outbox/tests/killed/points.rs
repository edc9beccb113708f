use std::os::unix::process::ExitStatusExt as _;

use rand::RngExt as _;
use rustix::process::Signal;
use seaworthy_testkit::{
    mariadb::MariadbServer, postgres::PostgresServer, rabbitmq::RabbitmqServer,
    requirement::required,
};

use crate::trial::{Trial, times};

/// The steps of the example after which it kills itself.
const POINTS: [&str; 4] = [
    "after_commit",
    "after_claim",
    "after_publish",
    "before_mark",
];
/// How often it dies at each; `SEAWORTHY_TEST_DEATHS` sets another number, for long runs.
const DEATHS: u32 = 3;
/// What each process changes before it dies, at most.
const CHANGES: u32 = 40;

/// Three relays, a real broker, and a death at each step again and again.
async fn dies_at_every_step(database: String) {
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
            // Small batches, so that there are several to die in.
            let settings = [
                format!("dies={point}"),
                format!("dies_at={}", rand::rng().random_range(1..=3)),
                "outbox.relay.batch=5".to_owned(),
                "outbox.relay.claim=500ms".to_owned(),
            ];
            let ended = trial.start(changes, &settings).ended().unwrap();
            let killed = Some(Signal::KILL.as_raw());
            assert_eq!(ended.status.signal(), killed, "{point}: {ended:?}");
        }
    }
    // Most of them died before they had made all of theirs.
    let changes = trial.made().await + CHANGES;
    trial.is_whole(trial.start(changes, &[]), changes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn death_at_every_step_loses_nothing_and_repeats_nothing_on_postgres_msg_4_msg_5() {
    let Some(programs) = required("SEAWORTHY_TEST_POSTGRES") else {
        return;
    };
    let server = PostgresServer::start(programs).unwrap();
    dies_at_every_step(server.database("trial").unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn death_at_every_step_loses_nothing_and_repeats_nothing_on_mariadb_msg_4_msg_5() {
    let Some(program) = required("SEAWORTHY_TEST_MARIADB") else {
        return;
    };
    let server = MariadbServer::start(program).unwrap();
    dies_at_every_step(server.database("trial").unwrap()).await;
}
