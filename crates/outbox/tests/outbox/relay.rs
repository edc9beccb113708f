use seaworthy_testkit::eventually;
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use seaworthy_core::{RequestContext, ServiceIdentity, Timeout, context};
use seaworthy_messaging::{Message, PublishError, envelope::attribute};
use seaworthy_outbox::{BatchSize, OutboxConfig, StoreError};

use crate::fixture::{
    Behavior, Counted, Rejected, TIMEOUT, TestApp, TestBroker, TestDatabase, fast,
};

pub(crate) async fn event_is_published_only_after_commit_msg_4(database: TestDatabase) {
    let broker = TestBroker::new();
    let app = TestApp::start(&database, &broker, fast()).await;
    let outbox = &app.outbox;
    let rolled_back: Result<(), StoreError> = app
        .database
        .transaction(|tx| async move {
            outbox
                .store(&tx, Message::from_event(&Counted { number: 13 }).key("a"))
                .await?;
            Err(StoreError::Unpublishable(PublishError::permanent(
                "the change is rolled back",
            )))
        })
        .await;
    assert!(rolled_back.is_err());
    let tx = app.database.begin().await.unwrap();
    outbox
        .store(&tx, Message::from_event(&Counted { number: 14 }).key("a"))
        .await
        .unwrap();
    drop(tx);
    for number in 0..5 {
        app.count(number, "a").await;
    }
    app.wait_until_published().await;
    assert_eq!(broker.numbers("a"), [0, 1, 2, 3, 4]);
    app.running.stop().await;
}

pub(crate) async fn three_relays_publish_each_event_once_in_key_order_msg_4(
    database: TestDatabase,
) {
    const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];
    const EACH: u32 = 60;
    let broker = TestBroker::new();
    let mut config = fast();
    config.relay.batch_size = BatchSize::clamped(16);
    let first = TestApp::start(&database, &broker, config.clone()).await;
    let second = TestApp::start(&database, &broker, config.clone()).await;
    let third = TestApp::start(&database, &broker, config).await;
    for number in 0..EACH {
        for key in KEYS {
            let app = [&first, &second, &third][number as usize % 3];
            app.count(number, key).await;
        }
    }
    broker.wait_for(KEYS.len() * EACH as usize).await;
    first.wait_until_published().await;
    let expected: Vec<u32> = (0..EACH).collect();
    for key in KEYS {
        assert_eq!(broker.numbers(key), expected, "{key}");
    }
    for app in [first, second, third] {
        app.running.stop().await;
    }
}

pub(crate) async fn linger_batches_events_and_stop_ends_it(database: TestDatabase) {
    let broker = TestBroker::new();
    let mut config = fast();
    config.relay.concurrency = 1.try_into().unwrap();
    config.relay.linger = Timeout::from_secs(600);
    let app = TestApp::start(&database, &broker, config).await;
    app.count(0, "a").await;
    broker.wait_for(1).await;
    for number in 1..20 {
        app.count(number, "a").await;
    }
    app.running.stop().await;
    let expected: Vec<u32> = (0..20).collect();
    assert_eq!(broker.numbers("a"), expected);
    assert_eq!(broker.calls.load(Ordering::SeqCst), 2);
}

pub(crate) async fn stop_ends_backoff_of_unavailable_broker_life_4(database: TestDatabase) {
    let broker = TestBroker::new();
    let mut config = fast();
    config.relay.concurrency = 1.try_into().unwrap();
    // Longer than the timeout of the phase in which relays stop.
    let backoff = Timeout::from_secs(600);
    config.relay.min_poll_interval = backoff;
    config.relay.max_poll_interval = backoff;
    let app = TestApp::start(&database, &broker, config).await;
    *broker.behavior.lock() = Behavior::Unavailable;
    app.count(0, "a").await;
    eventually(async || broker.calls.load(Ordering::SeqCst) > 0).await;
    *broker.behavior.lock() = Behavior::Available;
    app.running.stop().await;
    assert_eq!(broker.numbers("a"), [0]);
}

pub(crate) async fn unavailable_broker_loses_and_dead_letters_nothing_msg_4(
    database: TestDatabase,
) {
    let broker = TestBroker::new();
    let app = TestApp::start(&database, &broker, fast()).await;
    *broker.behavior.lock() = Behavior::Unavailable;
    for number in 0..40 {
        app.count(number, "a").await;
    }
    // More batches than an event has attempts.
    let calls = broker.calls.load(Ordering::SeqCst);
    eventually(async || broker.calls.load(Ordering::SeqCst) > calls + 10).await;
    assert_eq!(app.rows("pending").await, 40);
    *broker.behavior.lock() = Behavior::Available;
    app.wait_until_published().await;
    assert_eq!(app.rows("dead").await, 0);
    assert_eq!(broker.numbers("a"), (0..40).collect::<Vec<_>>());
    app.running.stop().await;
}

pub(crate) async fn rejected_event_delays_only_its_key_msg_4(database: TestDatabase) {
    let broker = TestBroker::new();
    let app = TestApp::start(&database, &broker, patient()).await;
    *broker.behavior.lock() = Behavior::RefusedUnroutable;
    app.store(|| vec![Message::from_event(&Rejected { number: 0 }).key("a")])
        .await;
    eventually(async || broker.calls.load(Ordering::SeqCst) > 0).await;
    for number in 1..4 {
        app.count(number, "a").await;
        app.count(number, "b").await;
    }
    eventually(async || broker.numbers("b").len() == 3).await;
    assert!(broker.numbers("a").is_empty(), "{:?}", broker.numbers("a"));
    *broker.behavior.lock() = Behavior::Available;
    app.wait_until_published().await;
    assert_eq!(broker.numbers("a"), [0, 1, 2, 3]);
    app.running.stop().await;

    // After its last attempt the event is dead-lettered and its key continues.
    let broker = TestBroker::new();
    let app = TestApp::start(&database, &broker, fast()).await;
    *broker.behavior.lock() = Behavior::RefusedUnroutable;
    app.store(|| vec![Message::from_event(&Rejected { number: 0 }).key("a")])
        .await;
    app.count(1, "a").await;
    app.wait_until_published().await;
    assert_eq!(app.rows("dead").await, 1);
    assert_eq!(broker.numbers("a"), [1]);
    app.running.stop().await;
}

/// The queue is full for more batches than an event has attempts. Other topics and keys continue,
/// and the events of the key are published in order when the queue has room.
pub(crate) async fn full_queue_delays_its_keys_and_counts_no_attempt_msg_4(database: TestDatabase) {
    let broker = TestBroker::new();
    let config = fast();
    let attempts = config.relay.max_attempts.get();
    let app = TestApp::start(&database, &broker, config).await;
    *broker.behavior.lock() = Behavior::RefusedQueueFull;
    app.store(|| vec![Message::from_event(&Rejected { number: 0 }).key("a")])
        .await;
    eventually(async || broker.calls.load(Ordering::SeqCst) > 0).await;
    for number in 1..4 {
        app.count(number, "a").await;
        app.count(number, "b").await;
    }
    eventually(async || broker.numbers("b").len() == 3).await;
    let calls = broker.calls.load(Ordering::SeqCst);
    eventually(async || broker.calls.load(Ordering::SeqCst) > calls + attempts + 1).await;
    assert!(broker.numbers("a").is_empty(), "{:?}", broker.numbers("a"));
    assert_eq!(app.rows("dead").await, 0);
    assert_eq!(app.rows("pending").await, 4);
    *broker.behavior.lock() = Behavior::Available;
    app.wait_until_published().await;
    assert_eq!(broker.numbers("a"), [0, 1, 2, 3]);
    assert_eq!(app.rows("dead").await, 0);
    app.running.stop().await;
}

/// Settings with more attempts than a test makes.
fn patient() -> OutboxConfig {
    let mut config = fast();
    config.relay.max_attempts = 1_000.try_into().unwrap();
    config
}

/// Keys with a rejected event: more than the rows that a query may return.
const REFUSED_KEYS: u32 = 200;
const SMALL_BATCH: u32 = 16;

fn small_batches() -> OutboxConfig {
    let mut config = patient();
    config.relay.batch_size = BatchSize::clamped(SMALL_BATCH);
    config
}

/// Stores an event for each of [`REFUSED_KEYS`] keys, which the broker rejects.
async fn store_refused(app: &TestApp) {
    app.store(|| {
        (0..REFUSED_KEYS)
            .map(|number| {
                Message::from_event(&Rejected { number }).key(&format!("refused-{number}"))
            })
            .collect()
    })
    .await;
}

/// Waits until each of them is in this state.
async fn wait_until_all(app: &TestApp, state: &'static str) {
    let deadline = Instant::now() + TIMEOUT;
    while app.rows(state).await < i64::from(REFUSED_KEYS) {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn relay_publishes_past_many_rejected_keys_msg_4(database: TestDatabase) {
    let broker = TestBroker::new();
    let mut settings = database.config();
    settings.max_rows = 50.try_into().unwrap();
    let app = TestApp::start_with(settings, &broker, small_batches()).await;
    *broker.behavior.lock() = Behavior::RefusedUnroutable;
    store_refused(&app).await;
    wait_until_all(&app, "refused").await;
    for number in 0..3 {
        app.count(number, "b").await;
    }
    eventually(async || broker.numbers("b").len() == 3).await;
    *broker.behavior.lock() = Behavior::Available;
    app.wait_until_published().await;
    let confirmed = broker.confirmed.lock().len();
    assert_eq!(confirmed, REFUSED_KEYS as usize + 3);
    app.running.stop().await;
}

pub(crate) async fn relay_bounds_batches_of_rejected_events_msg_4(database: TestDatabase) {
    let broker = TestBroker::new();
    let app = TestApp::start(&database, &broker, small_batches()).await;
    *broker.behavior.lock() = Behavior::RefusedUnroutable;
    store_refused(&app).await;
    wait_until_all(&app, "refused").await;
    // Nothing is published until the backoff of each of them is over.
    *broker.behavior.lock() = Behavior::Unavailable;
    wait_until_all(&app, "due").await;
    *broker.behavior.lock() = Behavior::Available;
    app.wait_until_published().await;
    let largest = broker.max_batch.load(Ordering::SeqCst);
    assert!(largest <= SMALL_BATCH as usize, "{largest}");
    app.running.stop().await;
}

pub(crate) async fn relay_keeps_order_after_partly_failed_batch_msg_4(database: TestDatabase) {
    let broker = TestBroker::new();
    let app = TestApp::start(&database, &broker, patient()).await;
    *broker.behavior.lock() = Behavior::RefusedUnroutable;
    // One batch: the second event of the key fails, the others would succeed.
    app.store(|| {
        let mut messages = vec![
            Message::from_event(&Counted { number: 0 }).key("a"),
            Message::from_event(&Rejected { number: 1 }).key("a"),
        ];
        for number in 2..6 {
            messages.push(Message::from_event(&Counted { number }).key("a"));
            messages.push(Message::from_event(&Counted { number }).key("b"));
        }
        messages
    })
    .await;
    eventually(async || broker.numbers("b").len() == 4).await;
    assert_eq!(broker.numbers("a"), [0]);
    *broker.behavior.lock() = Behavior::Available;
    app.wait_until_published().await;
    assert_eq!(broker.numbers("a"), [0, 1, 2, 3, 4, 5]);
    app.running.stop().await;
}

/// One statement deletes the largest batch on every engine.
pub(crate) async fn relay_publishes_largest_batch_at_once_msg_4(database: TestDatabase) {
    let broker = TestBroker::new();
    let mut config = fast();
    config.relay.batch_size = BatchSize::clamped(BatchSize::MAX);
    config.relay.concurrency = 1.try_into().unwrap();
    let app = TestApp::start(&database, &broker, config).await;
    app.store(|| {
        (0..BatchSize::MAX)
            .map(|number| Message::from_event(&Counted { number }).key("a"))
            .collect()
    })
    .await;
    app.wait_until_published().await;
    let largest = broker.max_batch.load(Ordering::SeqCst);
    assert_eq!(largest, BatchSize::MAX as usize);
    assert_eq!(broker.numbers("a").len(), BatchSize::MAX as usize);
    app.running.stop().await;
}

/// A batch that is larger than the rows that a query may return.
pub(crate) async fn relay_respects_row_limit_of_database_msg_4(database: TestDatabase) {
    let broker = TestBroker::new();
    let mut settings = database.config();
    settings.max_rows = 20.try_into().unwrap();
    let app = TestApp::start_with(settings, &broker, fast()).await;
    app.store(|| {
        (0..100)
            .map(|number| Message::from_event(&Counted { number }).key("a"))
            .collect()
    })
    .await;
    app.wait_until_published().await;
    assert_eq!(broker.numbers("a"), (0..100).collect::<Vec<_>>());
    app.running.stop().await;
}

pub(crate) async fn permanently_rejected_event_is_dead_lettered_at_once_msg_4(
    database: TestDatabase,
) {
    let broker = TestBroker::new();
    let app = TestApp::start(&database, &broker, fast()).await;
    *broker.behavior.lock() = Behavior::RefusedPermanently;
    app.store(|| vec![Message::from_event(&Rejected { number: 0 }).key("a")])
        .await;
    app.count(1, "a").await;
    app.wait_until_published().await;
    assert_eq!(app.rows("dead").await, 1);
    assert_eq!(broker.numbers("a"), [1]);
    app.running.stop().await;
}

pub(crate) async fn remaining_events_are_published_at_stop_life_4(database: TestDatabase) {
    let broker = TestBroker::new();
    let app = TestApp::start(&database, &broker, fast()).await;
    *broker.behavior.lock() = Behavior::Unavailable;
    for number in 0..200 {
        app.count(number, "a").await;
    }
    *broker.behavior.lock() = Behavior::Available;
    app.running.stop().await;
    assert_eq!(broker.numbers("a"), (0..200).collect::<Vec<_>>());
}

pub(crate) async fn event_carries_request_context_msg_8(database: TestDatabase) {
    let broker = TestBroker::new();
    let app = TestApp::start(&database, &broker, fast()).await;
    let request = Arc::new(RequestContext::background(ServiceIdentity::new(
        "orders", "1.0.0",
    )));
    let id = request.request_id().to_string();
    context::scope(request, app.count(1, "a")).await;
    broker.wait_for(1).await;
    let event = broker.confirmed.lock()[0].clone();
    assert_eq!(event.attribute(attribute::REQUEST_ID), Some(id.as_str()));
    assert_eq!(event.source(), "orders");
    assert!(event.attribute(attribute::TRACEPARENT).is_some());
    app.running.stop().await;
}
