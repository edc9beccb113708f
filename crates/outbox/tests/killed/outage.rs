use std::{thread, time::Duration};

use seaworthy_testkit::{
    postgres::PostgresServer, rabbitmq::RabbitmqServer, requirement::required,
};

use crate::trial::{Trial, times};

/// How many seconds the broker is down; `SEAWORTHY_TEST_OUTAGE` sets another number, for long runs.
const SECONDS: u32 = 5;
/// Between two changes: some 300 to 400 a second.
const REST: &str = "rest_us=2000";
/// What is changed in a second at most.
const CHANGES: u32 = 400;

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_down_under_load_costs_nothing_msg_4() {
    let (Some(programs), Some(database)) = (
        required("SEAWORTHY_TEST_RABBITMQ"),
        required("SEAWORTHY_TEST_POSTGRES"),
    ) else {
        return;
    };
    let mut server = RabbitmqServer::start(programs).unwrap();
    let database = PostgresServer::start(database).unwrap();
    let trial = Trial {
        database: database.database("trial").unwrap(),
        broker: server.url(),
    };
    let seconds = times("SEAWORTHY_TEST_OUTAGE", SECONDS);
    // So many that it changes on while the broker is down and when it is back.
    let changes = (seconds + 2) * CHANGES;
    let mut process = trial.start(changes, &[REST.to_owned()]);
    process.line("\"message\":\"ready\"").unwrap();
    trial.has_effects(CHANGES / 4).await;
    server.keeps("effects").unwrap();
    server.kill();
    thread::sleep(Duration::from_secs(seconds.into()));
    server.restart().unwrap();
    trial.is_whole(process, changes).await;
}
