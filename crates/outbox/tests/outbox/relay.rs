use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use seaworthy_core::{RequestContext, ServiceIdentity, context};
use seaworthy_data::DatabaseConfig;
use seaworthy_messaging::{Message, envelope::attribute};
use seaworthy_outbox::{OutboxConfig, StoreError};

use crate::house::{
    Broker, Counted, House, Mood, PATIENCE, Place, Refused, brisk, house, house_on, until,
};

/// Waits until no event is to be published any more.
pub(crate) async fn until_empty(house: &crate::house::House) {
    let end = Instant::now() + PATIENCE;
    while house.rows("pending").await > 0 {
        assert!(Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn an_event_is_published_after_the_commit_and_never_without_one_msg_4(
    place: Place,
) {
    let broker = Broker::new();
    let house = house(&place, &broker, brisk()).await;
    let outbox = &house.outbox;
    let undone: Result<(), StoreError> = house
        .database
        .transaction(|tx| async move {
            outbox
                .store(&tx, Message::of(&Counted { number: 13 }).key("a"))
                .await?;
            Err(StoreError::Unpublishable(
                seaworthy_messaging::PublishError::permanent("the change is given up"),
            ))
        })
        .await;
    assert!(undone.is_err());
    let tx = house.database.begin().await.unwrap();
    outbox
        .store(&tx, Message::of(&Counted { number: 14 }).key("a"))
        .await
        .unwrap();
    drop(tx);
    for number in 0..5 {
        house.count(number, "a").await;
    }
    until_empty(&house).await;
    assert_eq!(broker.numbers("a"), [0, 1, 2, 3, 4]);
    house.running.stop().await;
}

pub(crate) async fn three_relays_publish_each_event_once_and_each_key_in_order_msg_4(place: Place) {
    const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];
    const EACH: u32 = 60;
    let broker = Broker::new();
    let mut config = brisk();
    config.relay.batch = 16.try_into().unwrap();
    let first = house(&place, &broker, config.clone()).await;
    let second = house(&place, &broker, config.clone()).await;
    let third = house(&place, &broker, config).await;
    for number in 0..EACH {
        for key in KEYS {
            let house = [&first, &second, &third][number as usize % 3];
            house.count(number, key).await;
        }
    }
    broker.until_taken(KEYS.len() * EACH as usize).await;
    until_empty(&first).await;
    let expected: Vec<u32> = (0..EACH).collect();
    for key in KEYS {
        assert_eq!(broker.numbers(key), expected, "{key}");
    }
    for house in [first, second, third] {
        house.running.stop().await;
    }
}

pub(crate) async fn what_comes_while_a_relay_gathers_is_published_together_and_a_stop_does_not_wait(
    place: Place,
) {
    let broker = Broker::new();
    let mut config = brisk();
    config.relay.relays = 1.try_into().unwrap();
    config.relay.gather = seaworthy_core::Timeout::from_secs(600);
    let house = house(&place, &broker, config).await;
    house.count(0, "a").await;
    broker.until_taken(1).await;
    for number in 1..20 {
        house.count(number, "a").await;
    }
    house.running.stop().await;
    let expected: Vec<u32> = (0..20).collect();
    assert_eq!(broker.numbers("a"), expected);
    assert_eq!(broker.asked.load(Ordering::SeqCst), 2);
}

pub(crate) async fn a_broker_that_is_down_parks_nothing_and_loses_nothing_msg_4(place: Place) {
    let broker = Broker::new();
    let house = house(&place, &broker, brisk()).await;
    *broker.mood.lock() = Mood::Down;
    for number in 0..40 {
        house.count(number, "a").await;
    }
    // More turns than an event has attempts.
    let asked = broker.asked.load(Ordering::SeqCst);
    until("the relay goes on asking", || {
        broker.asked.load(Ordering::SeqCst) > asked + 10
    })
    .await;
    assert_eq!(house.rows("pending").await, 40);
    *broker.mood.lock() = Mood::Well;
    until_empty(&house).await;
    assert_eq!(house.rows("parked").await, 0);
    assert_eq!(broker.numbers("a"), (0..40).collect::<Vec<_>>());
    house.running.stop().await;
}

pub(crate) async fn an_event_that_is_refused_holds_up_its_key_alone_msg_4(place: Place) {
    let broker = Broker::new();
    let mut config = brisk();
    config.relay.attempts = 1_000.try_into().unwrap();
    let house = house(&place, &broker, config).await;
    *broker.mood.lock() = Mood::Picky;
    house
        .store(|| Message::of(&Refused { number: 0 }).key("a"))
        .await;
    until("it was refused", || broker.asked.load(Ordering::SeqCst) > 0).await;
    for number in 1..4 {
        house.count(number, "a").await;
        house.count(number, "b").await;
    }
    until("the other key goes on", || broker.numbers("b").len() == 3).await;
    assert!(broker.numbers("a").is_empty(), "{:?}", broker.numbers("a"));
    *broker.mood.lock() = Mood::Well;
    until_empty(&house).await;
    assert_eq!(broker.numbers("a"), [0, 1, 2, 3]);

    // One that is refused to the end is set aside, and its key goes on.
    house.running.stop().await;
    let broker = Broker::new();
    let house = crate::house::house(&place, &broker, brisk()).await;
    *broker.mood.lock() = Mood::Picky;
    house
        .store(|| Message::of(&Refused { number: 0 }).key("a"))
        .await;
    house.count(1, "a").await;
    until_empty(&house).await;
    assert_eq!(house.rows("parked").await, 1);
    assert_eq!(broker.numbers("a"), [1]);
    house.running.stop().await;
}

/// Keys with a refused event: more than the rows that a query may return.
const REFUSED_KEYS: u32 = 200;
const SMALL_BATCH: u32 = 16;

fn small_batches() -> OutboxConfig {
    let mut config = brisk();
    config.relay.attempts = 1_000.try_into().unwrap();
    config.relay.batch = SMALL_BATCH.try_into().unwrap();
    config
}

/// Stores an event for each of [`REFUSED_KEYS`] keys, which the broker refuses.
async fn store_refused(house: &House) {
    let outbox = &house.outbox;
    let stored: Result<(), StoreError> = house
        .database
        .transaction(|tx| async move {
            for number in 0..REFUSED_KEYS {
                let message = Message::of(&Refused { number }).key(&format!("refused-{number}"));
                outbox.store(&tx, message).await?;
            }
            Ok(())
        })
        .await;
    stored.unwrap();
}

/// Waits until each of them is in these states.
async fn until_all(house: &House, state: &'static str) {
    let end = Instant::now() + PATIENCE;
    while house.rows(state).await < i64::from(REFUSED_KEYS) {
        assert!(Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The queue is full for more batches than an event has attempts. Other topics and keys go on, and
/// the events of the key are published in order when the queue has room.
pub(crate) async fn full_queue_delays_its_keys_and_counts_no_attempt_msg_4(place: Place) {
    let broker = Broker::new();
    let config = brisk();
    let attempts = config.relay.attempts.get();
    let house = house(&place, &broker, config).await;
    *broker.mood.lock() = Mood::Full;
    house
        .store(|| Message::of(&Refused { number: 0 }).key("a"))
        .await;
    until("it was refused", || broker.asked.load(Ordering::SeqCst) > 0).await;
    for number in 1..4 {
        house.count(number, "a").await;
        house.count(number, "b").await;
    }
    until("the other key goes on", || broker.numbers("b").len() == 3).await;
    let asked = broker.asked.load(Ordering::SeqCst);
    until("the relay goes on asking", || {
        broker.asked.load(Ordering::SeqCst) > asked + attempts + 1
    })
    .await;
    assert!(broker.numbers("a").is_empty(), "{:?}", broker.numbers("a"));
    assert_eq!(house.rows("parked").await, 0);
    assert_eq!(house.rows("pending").await, 4);
    *broker.mood.lock() = Mood::Well;
    until_empty(&house).await;
    assert_eq!(broker.numbers("a"), [0, 1, 2, 3]);
    assert_eq!(house.rows("parked").await, 0);
    house.running.stop().await;
}

pub(crate) async fn relay_publishes_past_many_refused_keys_msg_4(place: Place) {
    let broker = Broker::new();
    let mut settings = DatabaseConfig::at(place.url.parse().unwrap());
    settings.maximum_rows = 50.try_into().unwrap();
    let house = house_on(settings, &broker, small_batches()).await;
    *broker.mood.lock() = Mood::Picky;
    store_refused(&house).await;
    until_all(&house, "refused").await;
    for number in 0..3 {
        house.count(number, "b").await;
    }
    until("the other topic goes on", || broker.numbers("b").len() == 3).await;
    *broker.mood.lock() = Mood::Well;
    until_empty(&house).await;
    let taken = broker.taken.lock().len();
    assert_eq!(taken, REFUSED_KEYS as usize + 3);
    house.running.stop().await;
}

pub(crate) async fn relay_bounds_batches_of_refused_events_msg_4(place: Place) {
    let broker = Broker::new();
    let house = house(&place, &broker, small_batches()).await;
    *broker.mood.lock() = Mood::Picky;
    store_refused(&house).await;
    until_all(&house, "refused").await;
    // Nothing is published until the backoff of each of them is over.
    *broker.mood.lock() = Mood::Down;
    until_all(&house, "due").await;
    *broker.mood.lock() = Mood::Well;
    until_empty(&house).await;
    let largest = broker.max_batch.load(Ordering::SeqCst);
    assert!(largest <= SMALL_BATCH as usize, "{largest}");
    house.running.stop().await;
}

pub(crate) async fn relay_keeps_order_after_partly_failed_batch_msg_4(place: Place) {
    let broker = Broker::new();
    let mut config = brisk();
    config.relay.attempts = 1_000.try_into().unwrap();
    let house = house(&place, &broker, config).await;
    *broker.mood.lock() = Mood::Picky;
    let outbox = &house.outbox;
    let stored: Result<(), StoreError> = house
        .database
        .transaction(|tx| async move {
            // One batch: the second event of the key fails, the others would succeed.
            outbox
                .store(&tx, Message::of(&Counted { number: 0 }).key("a"))
                .await?;
            outbox
                .store(&tx, Message::of(&Refused { number: 1 }).key("a"))
                .await?;
            for number in 2..6 {
                outbox
                    .store(&tx, Message::of(&Counted { number }).key("a"))
                    .await?;
                outbox
                    .store(&tx, Message::of(&Counted { number }).key("b"))
                    .await?;
            }
            Ok(())
        })
        .await;
    stored.unwrap();
    until("the other key goes on", || broker.numbers("b").len() == 4).await;
    assert_eq!(broker.numbers("a"), [0]);
    *broker.mood.lock() = Mood::Well;
    until_empty(&house).await;
    assert_eq!(broker.numbers("a"), [0, 1, 2, 3, 4, 5]);
    house.running.stop().await;
}

pub(crate) async fn an_event_that_can_never_be_published_is_set_aside_at_once_msg_4(place: Place) {
    let broker = Broker::new();
    let house = house(&place, &broker, brisk()).await;
    *broker.mood.lock() = Mood::Strict;
    house
        .store(|| Message::of(&Refused { number: 0 }).key("a"))
        .await;
    house.count(1, "a").await;
    until_empty(&house).await;
    assert_eq!(house.rows("parked").await, 1);
    assert_eq!(broker.numbers("a"), [1]);
    house.running.stop().await;
}

pub(crate) async fn a_claim_of_a_relay_that_died_ends_by_itself_msg_4(place: Place) {
    let dead = Broker::new();
    // A relay that claims and never comes back.
    dead.swallows.lock().extend([(); 64]);
    let mut config = brisk();
    config.relay.claim = seaworthy_core::Timeout::from_secs(600);
    config.relay.relays = 1.try_into().unwrap();
    let first = house(&place, &dead, config).await;
    for number in 0..10 {
        first.count(number, "a").await;
    }
    until("it has claimed", || dead.asked.load(Ordering::SeqCst) > 0).await;
    seaworthy_data::sql("UPDATE outbox_lane SET until_us = 0")
        .execute(&first.database)
        .await
        .unwrap();
    let alive = Broker::new();
    let second = house(&place, &alive, brisk()).await;
    until_empty(&second).await;
    assert_eq!(alive.numbers("a"), (0..10).collect::<Vec<_>>());
    second.running.stop().await;
}

pub(crate) async fn what_is_left_at_the_stop_is_published_life_4(place: Place) {
    let broker = Broker::new();
    let house = house(&place, &broker, brisk()).await;
    *broker.mood.lock() = Mood::Down;
    for number in 0..200 {
        house.count(number, "a").await;
    }
    *broker.mood.lock() = Mood::Well;
    house.running.stop().await;
    assert_eq!(broker.numbers("a"), (0..200).collect::<Vec<_>>());
}

pub(crate) async fn the_request_travels_with_the_event_msg_8(place: Place) {
    let broker = Broker::new();
    let house = house(&place, &broker, brisk()).await;
    let request = Arc::new(RequestContext::background(ServiceIdentity::new(
        "orders", "1.0.0",
    )));
    let id = request.request_id().to_string();
    context::scope(request, house.count(1, "a")).await;
    broker.until_taken(1).await;
    let taken = broker.taken.lock()[0].clone();
    assert_eq!(taken.attribute(attribute::REQUEST_ID), Some(id.as_str()));
    assert_eq!(taken.source(), "orders");
    assert!(taken.attribute(attribute::TRACEPARENT).is_some());
    house.running.stop().await;
}
