use std::sync::atomic::{AtomicU32, Ordering};

use seaworthy_data::{DataError, sql};
use seaworthy_messaging::{Envelope, Failure, Topic};
use seaworthy_outbox::Once;

use crate::house::{Broker, House, Place, brisk, house};

async fn with_table(place: &Place) -> House {
    let house = house(place, &Broker::new(), brisk()).await;
    sql("CREATE TABLE effects (number INTEGER NOT NULL)")
        .execute(&house.database)
        .await
        .unwrap();
    house
}

fn message() -> Envelope {
    Envelope::new(
        Topic::new("test.counted").unwrap(),
        "test.counted",
        "orders",
        "{}",
    )
}

async fn effects(house: &House) -> i64 {
    let (count,) = sql("SELECT COUNT(*) FROM effects")
        .fetch_one(&house.database)
        .await
        .unwrap();
    count
}

async fn effect(tx: seaworthy_data::Transaction) -> Result<(), Failure> {
    let done: Result<_, DataError> = sql("INSERT INTO effects (number) VALUES (1)")
        .execute(&tx)
        .await;
    done.map(drop).map_err(Failure::retry)
}

pub(crate) async fn a_message_that_comes_twice_has_its_effect_once_msg_5(place: Place) {
    let house = with_table(&place).await;
    let inbox = house.outbox.inbox("counter", &brisk());
    let other = house.outbox.inbox("other", &brisk());
    let (first, second) = (message(), message());
    assert_eq!(inbox.once(&first, effect).await.unwrap(), Once::Done);
    assert_eq!(inbox.once(&first, effect).await.unwrap(), Once::Repeat);
    assert_eq!(inbox.once(&second, effect).await.unwrap(), Once::Done);
    assert_eq!(other.once(&first, effect).await.unwrap(), Once::Done);
    assert_eq!(effects(&house).await, 3);
    house.running.stop().await;
}

pub(crate) async fn a_message_that_comes_at_once_on_two_replicas_has_its_effect_once_msg_5(
    place: Place,
) {
    let one = with_table(&place).await;
    let two = house(&place, &Broker::new(), brisk()).await;
    for _ in 0..20 {
        let message = message();
        let (first, second) = (
            one.outbox.inbox("counter", &brisk()),
            two.outbox.inbox("counter", &brisk()),
        );
        let (first, second) =
            futures::join!(first.once(&message, effect), second.once(&message, effect));
        let both = [first.unwrap(), second.unwrap()];
        assert!(
            both.contains(&Once::Done) && both.contains(&Once::Repeat),
            "{both:?}"
        );
    }
    assert_eq!(effects(&one).await, 20);
    one.running.stop().await;
    two.running.stop().await;
}

pub(crate) async fn an_effect_that_fails_leaves_nothing_and_is_rejected_after_its_attempts_msg_5(
    place: Place,
) {
    let house = with_table(&place).await;
    let message = message();
    let calls = AtomicU32::new(0);
    let failing = |tx: seaworthy_data::Transaction| {
        calls.fetch_add(1, Ordering::SeqCst);
        async move {
            effect(tx).await?;
            Err(Failure::retry("the handler failed"))
        }
    };
    // Each attempt on another replica, as far as the inbox can tell.
    for attempt in 1..=3 {
        let inbox = house.outbox.inbox("counter", &brisk());
        let failure = inbox.once(&message, failing).await.unwrap_err();
        assert_eq!(failure.is_retried(), attempt < 3, "{failure}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    assert_eq!(effects(&house).await, 0);
    let inbox = house.outbox.inbox("counter", &brisk());
    assert_eq!(inbox.once(&message, effect).await.unwrap(), Once::Done);
    house.running.stop().await;
}
