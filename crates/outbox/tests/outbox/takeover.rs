use seaworthy_testkit::eventually;
use std::{sync::atomic::Ordering, time::Duration};

use seaworthy_core::Timeout;
use seaworthy_data::sql;

use crate::fixture::{TestApp, TestBroker, TestDatabase, fast};

/// A claim of a relay that never returns expires, and another relay publishes the events.
pub(crate) async fn expired_claim_is_taken_over_msg_4(database: TestDatabase) {
    let silent = TestBroker::new();
    silent
        .delays
        .lock()
        .extend([Duration::from_secs(3_600); 64]);
    let mut config = fast();
    config.relay.claim_ttl = Timeout::from_secs(600);
    config.relay.concurrency = 1.try_into().unwrap();
    let first = TestApp::start(&database, &silent, config).await;
    for number in 0..10 {
        first.count(number, "a").await;
    }
    eventually(async || silent.calls.load(Ordering::SeqCst) > 0).await;
    sql("UPDATE outbox_partitions SET until_us = 0")
        .execute(&first.database)
        .await
        .unwrap();
    let broker = TestBroker::new();
    let second = TestApp::start(&database, &broker, fast()).await;
    second.wait_until_published().await;
    assert_eq!(broker.numbers("a"), (0..10).collect::<Vec<_>>());
    second.running.stop().await;
}

/// A broker that takes longer than the TTL of the claim: no other relay publishes the event.
pub(crate) async fn relay_renews_claim_while_it_publishes_msg_4(database: TestDatabase) {
    // A renewal on a busy machine may take a third of the TTL.
    const TTL: Timeout = Timeout::from_secs(9);
    let (slow, idle) = (TestBroker::new(), TestBroker::new());
    slow.delays.lock().push_back(TTL.get() * 3 / 2);
    let mut config = fast();
    config.relay.claim_ttl = TTL;
    let first = TestApp::start(&database, &slow, config.clone()).await;
    first.count(0, "a").await;
    eventually(async || slow.calls.load(Ordering::SeqCst) > 0).await;
    let second = TestApp::start(&database, &idle, config).await;
    first.wait_until_published().await;
    assert_eq!(slow.numbers("a"), [0]);
    assert_eq!(slow.calls.load(Ordering::SeqCst), 1);
    assert_eq!(idle.calls.load(Ordering::SeqCst), 0);
    for app in [first, second] {
        app.running.stop().await;
    }
}
