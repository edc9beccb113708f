use std::{cell::RefCell, collections::BTreeSet};

use seaworthy_data::{DataError, Transaction, sql};
use seaworthy_messaging::{Envelope, Failure, Message, Topic};
use seaworthy_testkit::cancellation::{Moment, at_every_await};

use crate::{
    house::{Broker, Counted, Place, brisk, house, until},
    relay::until_empty,
};

fn message() -> Envelope {
    let topic = Topic::new("test.counted").unwrap();
    Envelope::new(topic, "test.counted", "orders", "{}")
}

/// A message is handled, the handler is dropped at each of its awaits, and the message comes again.
pub(crate) async fn effect_and_event_happen_once_when_their_handler_is_dropped_msg_5(place: Place) {
    let broker = Broker::new();
    let house = house(&place, &broker, brisk()).await;
    sql("CREATE TABLE effects (number INTEGER NOT NULL)")
        .execute(&house.database)
        .await
        .unwrap();
    let inbox = house.outbox.inbox("counter", &brisk());
    let (inbox, outbox) = (&inbox, &house.outbox);
    let handle = async |message: Envelope, number: u32| {
        let effect = |tx: Transaction| async move {
            let inserted: Result<_, DataError> = sql("INSERT INTO effects (number) VALUES (?)")
                .bind(i64::from(number))
                .execute(&tx)
                .await;
            inserted.map_err(Failure::retry)?;
            let event = Message::of(&Counted { number }).key("a");
            outbox.store(&tx, event).await.map_err(Failure::retry)
        };
        inbox.once(&message, effect).await
    };
    let last = RefCell::new((message(), 0));
    for moment in Moment::ALL {
        let work = || {
            let mut last = last.borrow_mut();
            *last = (message(), last.1 + 1);
            handle(last.0.clone(), last.1)
        };
        let completed = at_every_await(moment, work, async |_| {
            let (again, number) = last.borrow().clone();
            handle(again, number).await.unwrap();
        });
        completed.await.output.unwrap();
    }
    let count = last.borrow().1;
    let expected: BTreeSet<u32> = (1..=count).collect();
    let rows: Vec<(i64,)> = sql("SELECT number FROM effects")
        .fetch_all(&house.database)
        .await
        .unwrap();
    assert_eq!(rows.len(), count as usize, "each effect once");
    broker.until_taken(count as usize).await;
    until("every event is published", || {
        let taken: BTreeSet<u32> = broker.numbers("a").into_iter().collect();
        taken == expected
    })
    .await;
    // The relay deletes a row after the broker has confirmed it.
    until_empty(&house).await;
    assert_eq!(broker.taken.lock().len(), count as usize, "each event once");
    house.running.stop().await;
}
