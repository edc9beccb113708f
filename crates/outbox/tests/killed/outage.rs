use std::{thread, time::Duration};

use seaworthy_testkit::{database::EmptyDatabase, rabbitmq::RabbitmqServer, requirement::required};

use crate::trial::{Trial, times};

/// How many seconds the broker is down. Long runs set another number by `SEAWORTHY_TEST_OUTAGE`.
const SECONDS: u32 = 5;
/// The pause after each change, for 300 to 400 changes per second.
const PAUSE: &str = "pause_us=2000";
/// The maximum number of changes per second.
const CHANGES: u32 = 400;

#[tokio::test(flavor = "multi_thread")]
async fn broker_outage_under_load_loses_nothing_msg_4() {
    let (Some(programs), Some(database)) = (
        required("SEAWORTHY_TEST_RABBITMQ"),
        EmptyDatabase::postgres(),
    ) else {
        return;
    };
    let mut server = RabbitmqServer::start(programs).unwrap();
    let trial = Trial {
        database: database.url().to_owned(),
        broker: server.url(),
    };
    let seconds = times("SEAWORTHY_TEST_OUTAGE", SECONDS);
    // Enough for changes during the outage and after it.
    let changes = (seconds + 2) * CHANGES;
    let mut process = trial.start(changes, &[PAUSE.to_owned()]);
    process.line("\"message\":\"ready\"").unwrap();
    trial.has_effects(CHANGES / 4).await;
    server.wait_until_durable("effects").unwrap();
    server.kill();
    thread::sleep(Duration::from_secs(seconds.into()));
    server.restart().unwrap();
    trial.is_whole(process, changes).await;
}
