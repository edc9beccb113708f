//! The cost of an event on PostgreSQL.

use seaworthy_testkit::server::cost::{Budget, StatementCounter, assert_budgets};

use crate::fixture::{TestApp, TestBroker, fast, open};

const EVENTS: u32 = 50;

/// Three statements store the event. Three publish it, and one finds no further event.
const EVENT: Budget = Budget {
    operation: "Store and publish an event",
    statements: 7,
    rows: 3,
    wal_bytes: 1_058,
    messages: 0,
    message_bytes: 0,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_stays_within_budget_msg_4() {
    let Some((empty, counter)) = StatementCounter::start() else {
        return;
    };
    let database = open(empty).await;
    let broker = TestBroker::new();
    let mut config = fast();
    config.relay.concurrency = 1.try_into().unwrap();
    let app = TestApp::start(&database, &broker, config).await;
    counter.reset();
    for number in 0..EVENTS {
        app.count(number, "a").await;
        broker.wait_for(number as usize + 1).await;
    }
    let cost = counter.cost(EVENTS);
    assert_budgets(&[(EVENT, cost)]);
    app.running.stop().await;
}
