//! A relay is dropped at each of its awaits: no event is lost, and no row stays claimed.

use std::{cell::Cell, sync::Arc, time::Duration};

use seaworthy_core::Timeout;
use seaworthy_data::sql;
use seaworthy_messaging::Message;
use seaworthy_testkit::{
    cancellation::{DropPoint, at_every_await},
    database::EmptyDatabase,
};

use super::run::{Outcome, Relay};
use fixture::{Behavior, Counted, Rejected, TestApp, TestBroker, fast};

#[path = "../../tests/outbox/fixture.rs"]
#[expect(dead_code, reason = "the tests of this crate share the fixture")]
mod fixture;

const TTL: Timeout = Timeout::from_secs(2);

/// Publishes until no row can be claimed.
async fn drain(relay: &Relay) {
    while relay.publish_next().await.unwrap() != Outcome::Empty {}
}

/// Two events of a key around an event that the broker rejects permanently, and one of another key.
async fn store_round(app: &TestApp, round: u32) {
    app.store(|| {
        vec![
            Message::from_event(&Counted { number: 2 * round }).key("a"),
            Message::from_event(&Rejected { number: round }).key("a"),
            Message::from_event(&Counted {
                number: 2 * round + 1,
            })
            .key("a"),
            Message::from_event(&Counted { number: round }).key("b"),
        ]
    })
    .await;
}

/// The first occurrence of each number.
fn without_duplicates(numbers: Vec<u32>) -> Vec<u32> {
    let mut first = Vec::new();
    for number in numbers {
        if !first.contains(&number) {
            first.push(number);
        }
    }
    first
}

async fn relay_dropped_at_any_await_loses_nothing(empty: Option<EmptyDatabase>) {
    let Some(empty) = empty else { return };
    let broker = TestBroker::new();
    *broker.behavior.lock() = Behavior::RefusedPermanently;
    let mut config = fast();
    config.relay.enabled = false;
    config.relay.claim_ttl = TTL;
    let database = fixture::open(empty).await;
    let app = TestApp::start(&database, &broker, config.clone()).await;
    let inner = &app.outbox.0;
    let relay = || Relay::new(Arc::clone(inner), broker.clone(), config.relay.clone());
    let (dropped, other) = (relay(), relay());
    let rounds = Cell::new(0);
    for point in DropPoint::ALL {
        store_round(&app, rounds.get()).await;
        let completed = at_every_await(
            point,
            || dropped.publish_next(),
            async |_| {
                let longest =
                    sql("SELECT COALESCE(MAX(until_us) - {now_us}, 0) FROM outbox_partitions");
                let (longest,): (i64,) = longest.fetch_one(&app.database).await.unwrap();
                let longest = Duration::from_micros(longest.max(0).unsigned_abs());
                assert!(longest <= TTL.get(), "a claim is valid for {longest:?}");
                // End all claims.
                sql("UPDATE outbox_partitions SET until_us = 0")
                    .execute(&app.database)
                    .await
                    .unwrap();
                drain(&other).await;
                assert_eq!(app.rows("pending").await, 0);
                assert_eq!(app.rows("dead").await, i64::from(rounds.get()) + 1);
                rounds.set(rounds.get() + 1);
                store_round(&app, rounds.get()).await;
            },
        );
        let completed = completed.await;
        completed.output.unwrap();
        assert!(completed.drops > 0, "{point:?}");
        rounds.set(rounds.get() + 1);
    }
    drain(&other).await;
    let events = rounds.get();
    let of_a: Vec<u32> = (0..2 * events).collect();
    let of_b: Vec<u32> = (0..events).collect();
    assert_eq!(without_duplicates(broker.numbers("a")), of_a);
    assert_eq!(without_duplicates(broker.numbers("b")), of_b);
    assert_eq!(app.rows("dead").await, i64::from(events));
    app.running.stop().await;
}

#[tokio::test]
async fn relay_dropped_at_any_await_loses_nothing_on_sqlite_msg_4() {
    relay_dropped_at_any_await_loses_nothing(EmptyDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relay_dropped_at_any_await_loses_nothing_on_postgres_msg_4() {
    relay_dropped_at_any_await_loses_nothing(EmptyDatabase::postgres()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relay_dropped_at_any_await_loses_nothing_on_mariadb_msg_4() {
    relay_dropped_at_any_await_loses_nothing(EmptyDatabase::mariadb()).await;
}
