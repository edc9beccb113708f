use seaworthy_testkit::eventually;
use std::{cell::RefCell, collections::BTreeSet};

use seaworthy_data::{DataError, Transaction, sql};
use seaworthy_messaging::{Envelope, Failure, Message, Topic};
use seaworthy_outbox::Inbox;
use seaworthy_testkit::cancellation::{DropPoint, at_every_await};

use crate::fixture::{Counted, TestApp, TestBroker, TestDatabase, fast};

fn message() -> Envelope {
    let topic = Topic::new("test.counted").unwrap();
    Envelope::new(topic, "test.counted", "orders", "{}")
}

pub(crate) async fn handler_dropped_at_any_await_has_effect_and_event_once_msg_5(
    database: TestDatabase,
) {
    drop_handler_at_every_await(database, |inbox| inbox).await;
}

pub(crate) async fn grouped_handler_dropped_at_any_await_has_effect_once_msg_5(
    database: TestDatabase,
) {
    drop_handler_at_every_await(database, Inbox::grouped).await;
}

/// The handler of a message is dropped at each of its awaits, and the message is delivered again.
async fn drop_handler_at_every_await(database: TestDatabase, configure: fn(Inbox) -> Inbox) {
    let broker = TestBroker::new();
    let app = TestApp::start(&database, &broker, fast()).await;
    sql("CREATE TABLE effects (number INTEGER NOT NULL)")
        .execute(&app.database)
        .await
        .unwrap();
    let inbox = configure(app.outbox.inbox("counter", &fast()));
    let (inbox, outbox) = (&inbox, &app.outbox);
    let handle = async |message: Envelope, number: u32| {
        let effect = |tx: Transaction| async move {
            let inserted: Result<_, DataError> = sql("INSERT INTO effects (number) VALUES (?)")
                .bind(i64::from(number))
                .execute(&tx)
                .await;
            inserted.map_err(Failure::retry)?;
            let event = Message::from_event(&Counted { number }).key("a");
            outbox.store(&tx, event).await.map_err(Failure::retry)
        };
        inbox.process_once(&message, effect).await
    };
    let last = RefCell::new((message(), 0));
    for point in DropPoint::ALL {
        let work = || {
            let mut last = last.borrow_mut();
            *last = (message(), last.1 + 1);
            handle(last.0.clone(), last.1)
        };
        let completed = at_every_await(point, work, async |_| {
            let (again, number) = last.borrow().clone();
            handle(again, number).await.unwrap();
        });
        completed.await.output.unwrap();
    }
    let count = last.borrow().1;
    let expected: BTreeSet<u32> = (1..=count).collect();
    let rows: Vec<(i64,)> = sql("SELECT number FROM effects")
        .fetch_all(&app.database)
        .await
        .unwrap();
    assert_eq!(rows.len(), count as usize, "each effect once");
    broker.wait_for(count as usize).await;
    eventually(async || {
        let published: BTreeSet<u32> = broker.numbers("a").into_iter().collect();
        published == expected
    })
    .await;
    // The relay deletes a row after the broker has confirmed it.
    app.wait_until_published().await;
    assert_eq!(
        broker.confirmed.lock().len(),
        count as usize,
        "each event once"
    );
    app.running.stop().await;
}
