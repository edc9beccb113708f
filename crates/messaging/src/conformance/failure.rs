use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use seaworthy_core::Timeout;
use tokio::time;

use super::{
    Harness, TIMEOUT, group,
    node::Node,
    record::{Record, Tally, message, numbers, text},
    topic,
};
use crate::{
    DeadLetter, DeadLetterId, DeadLetterReason, Envelope, Failure, GroupName, Received,
    Subscription, Topic,
    dead_letters::{DeadLetterFilter, Progress, Replay, Selection},
};

/// Waits until a topic has this many dead letters.
pub(super) async fn dead_letters(node: &Node, topic: &Topic, count: usize) -> Vec<DeadLetter> {
    let letters = node.messaging.dead_letters().unwrap();
    let wait = async {
        loop {
            let found = letters.list(topic, None, 1_000).await.unwrap();
            if found.len() >= count {
                return found;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(TIMEOUT, wait).await.unwrap()
}

/// A subscription with this handler. It records successful messages.
fn failing(
    record: &Record,
    group: &str,
    topic: &Topic,
    fail: impl Fn(&str, u32) -> Option<Failure> + Send + Sync + 'static,
) -> Subscription {
    let (record, tally) = (record.clone(), Tally::default());
    Subscription::new(group).on_topic(topic.as_str(), move |received: Received<Bytes>| {
        let text = text(received.envelope());
        let failure = fail(&text, tally.add(&text));
        if failure.is_none() {
            record.add(received.envelope());
        }
        async move { failure.map_or(Ok(()), Err) }
    })
}

/// Two of a hundred messages fail once. All succeed in the end.
pub async fn failed_message_is_retried_msg_3(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let subscription = failing(&record, &group(), &topic, |text, times| {
        (times == 1 && (text == "7" || text == "70")).then(|| Failure::retry("once"))
    });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    for text in numbers(100) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    record.wait_for(100).await;
    node.stop().await;
}

/// A hundred messages fail twice each, then fifty succeed immediately.
pub async fn group_continues_after_many_failures_msg_3(harness: &dyn Harness) {
    let node = Node::start_with(harness, |config| {
        // The breaker would slow the test down, not change its outcome.
        config.defaults.breaker.mode = seaworthy_resilience::circuit_breaker::BreakerMode::Off;
    })
    .await;
    let (topic, record) = (topic(), Record::new());
    let subscription = failing(&record, &group(), &topic, |text, times| {
        (times <= 2 && text.starts_with('x')).then(|| Failure::retry("not yet"))
    });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    for number in 0..150 {
        let text = if number < 100 {
            format!("x{number}")
        } else {
            number.to_string()
        };
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    record.wait_for(150).await;
    node.stop().await;
}

/// A message has one attempt and three retries with backoff. Then it is dead-lettered unchanged,
/// with the details for an operator.
pub async fn exhausted_message_is_dead_lettered_with_reason_msg_3(harness: &dyn Harness) {
    let (node, topic, group, tally) = (
        Node::start(harness).await,
        topic(),
        group(),
        Tally::default(),
    );
    let tried = tally.clone();
    let subscription =
        Subscription::new(&group).on_topic(topic.as_str(), move |received: Received<Bytes>| {
            assert_eq!(received.attempt(), tried.add("tried"));
            async { Err(Failure::retry("the store 17 is gone").with_class("STORE_DOWN")) }
        });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    let sent = publisher
        .prepare(message(&topic, "poison").key("k").header("x-own", "kept"))
        .unwrap();
    publisher
        .publish_all(vec![sent.clone()])
        .await
        .remove(0)
        .unwrap();
    let letter = dead_letters(&node, &topic, 1).await.remove(0);
    assert_eq!(tally.of("tried"), 4);
    assert_eq!(letter.reason, DeadLetterReason::RetriesExhausted);
    assert_eq!(letter.class, "STORE_DOWN");
    assert_eq!(letter.message, "the store 17 is gone");
    assert_eq!(letter.attempts, 4);
    assert_eq!(
        letter.group.as_ref().map(GroupName::as_str),
        Some(group.as_str())
    );
    assert!(letter.first_failed.unwrap() <= letter.last_failed.unwrap());
    assert_eq!(letter.fingerprint.len(), 16);
    assert_eq!(letter.envelope.id(), sent.id());
    assert_eq!(letter.envelope.topic(), &topic);
    assert_eq!(letter.envelope.key(), Some("k"));
    assert_eq!(letter.envelope.header("x-own"), Some("kept"));
    assert_eq!(letter.envelope.payload(), sent.payload());
    let acknowledged = async {
        let name = GroupName::new(&group).unwrap();
        while node.transport.lag(&name).await.unwrap() > 0 {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(TIMEOUT, acknowledged).await.unwrap();
    node.stop().await;
}

/// A permanent failure has no second attempt.
pub async fn rejected_message_is_dead_lettered_at_once_msg_3(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let subscription = failing(&record, &group(), &topic, |_, _| {
        Some(Failure::reject("never"))
    });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "poison")).await.unwrap();
    let letter = dead_letters(&node, &topic, 1).await.remove(0);
    assert_eq!(
        (letter.reason, letter.attempts),
        (DeadLetterReason::Rejected, 1)
    );
    node.stop().await;
}

/// A dropped message is neither retried nor dead-lettered.
pub async fn dropped_message_is_removed_msg_3(harness: &dyn Harness) {
    let (node, topic, record, name) = (Node::start(harness).await, topic(), Record::new(), group());
    let subscription = failing(&record, &name, &topic, |text, _| {
        (text == "unwanted").then(|| Failure::drop("the handler drops it"))
    });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    for text in ["unwanted", "wanted"] {
        publisher
            .publish(message(&topic, text).key("one"))
            .await
            .unwrap();
    }
    assert_eq!(record.wait_for(1).await, ["wanted"]);
    assert!(dead_letters(&node, &topic, 0).await.is_empty());
    node.stop().await;
}

/// Every fifth message always fails and is dead-lettered. All others are handled.
pub async fn failing_message_does_not_block_group_msg_3(harness: &dyn Harness) {
    let node = Node::start_with(harness, |config| {
        // When only failing messages are left, the breaker opens, and one dead letter arrives
        // every five seconds.
        config.defaults.breaker.mode = seaworthy_resilience::circuit_breaker::BreakerMode::Off;
    })
    .await;
    let (topic, record) = (topic(), Record::new());
    let subscription = failing(&record, &group(), &topic, |text, _| {
        text.ends_with(['0', '5']).then(|| Failure::retry("poison"))
    });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    for text in numbers(50) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    record.wait_for(40).await;
    assert_eq!(dead_letters(&node, &topic, 10).await.len(), 10);
    node.stop().await;
}

/// The consumer continues, and the message is retried.
#[expect(clippy::panic, reason = "the panic that is to be caught")]
pub async fn panic_of_handler_is_failure_obs_8(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let arrived = record.clone();
    let subscription =
        Subscription::new(&group()).on_topic(topic.as_str(), move |received: Received<Bytes>| {
            let arrived = arrived.clone();
            async move {
                if received.attempt() == 1 {
                    panic!("a panic that a test wants");
                }
                arrived.add(received.envelope());
                Ok(())
            }
        });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher
        .publish(message(&topic, "once more"))
        .await
        .unwrap();
    assert_eq!(record.wait_for(1).await, ["once more"]);
    node.stop().await;
}

/// A handler that hangs is cancelled at its timeout, and its message is retried.
pub async fn handler_timeout_cancels_endless_handler_life_6(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let arrived = record.clone();
    let subscription = Subscription::new(&group())
        .on_topic(topic.as_str(), move |received: Received<Bytes>| {
            let arrived = arrived.clone();
            async move {
                if received.attempt() == 1 {
                    std::future::pending::<()>().await;
                }
                arrived.add(received.envelope());
                Ok(())
            }
        })
        .handler_timeout(Timeout::from_millis(50));
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher
        .publish(message(&topic, "hangs once"))
        .await
        .unwrap();
    assert_eq!(record.wait_for(1).await, ["hangs once"]);
    node.stop().await;
}

/// Browsing returns pages and removes nothing. A removal removes only the named letters.
pub async fn dead_letters_can_be_browsed_and_removed_msg_3(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let subscription = failing(&record, &group(), &topic, |_, _| {
        Some(Failure::reject("never"))
    })
    .concurrency(1);
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    for number in 0..7 {
        publisher
            .publish(message(&topic, &number.to_string()).key("one"))
            .await
            .unwrap();
    }
    let all = dead_letters(&node, &topic, 7).await;
    let again = dead_letters(&node, &topic, 7).await;
    assert_eq!(all, again, "looking changed something");
    let texts: Vec<_> = all.iter().map(|letter| text(&letter.envelope)).collect();
    assert_eq!(texts, ["0", "1", "2", "3", "4", "5", "6"]);
    let letters = node.messaging.dead_letters().unwrap();
    let third = &all.get(2).unwrap().id;
    let page = letters.list(&topic, Some(third), 2).await.unwrap();
    let texts: Vec<_> = page.iter().map(|letter| text(&letter.envelope)).collect();
    assert_eq!(texts, ["3", "4"]);
    let ids: Vec<_> = page.iter().map(|letter| letter.id.clone()).collect();
    let unknown = [DeadLetterId::new("no such dead letter")];
    let store = topic.dead_letters();
    assert_eq!(node.transport.remove(&store, &unknown).await.unwrap(), 0);
    assert_eq!(node.transport.remove(&store, &ids).await.unwrap(), 2);
    let left: Vec<_> = dead_letters(&node, &topic, 5)
        .await
        .iter()
        .map(|letter| text(&letter.envelope))
        .collect();
    assert_eq!(left, ["0", "1", "2", "5", "6"]);
    node.stop().await;
}

/// A dead letter has the position of its message and its correlation ID, also after it was stored.
pub async fn dead_letters_have_the_positions_of_their_messages_msg_3(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let subscription = failing(&record, &group(), &topic, |_, _| {
        Some(Failure::reject("never"))
    });
    node.subscribe(subscription.concurrency(1)).await;
    let publisher = node.publisher(&[&topic]).await;
    for text in numbers(3) {
        let message = message(&topic, &text).key("one").correlation_id("order-7");
        publisher.publish(message).await.unwrap();
    }
    let letters = dead_letters(&node, &topic, 3).await;
    let positions: Vec<_> = letters.iter().map(|letter| letter.position).collect();
    let offsets: Vec<_> = positions.iter().flatten().map(|one| one.offset).collect();
    if harness.has_positions() {
        assert_eq!(offsets.len(), 3, "{positions:?}");
        assert!(
            offsets.is_sorted_by(|left, right| left < right),
            "{offsets:?}"
        );
    } else {
        assert!(offsets.is_empty(), "{positions:?}");
    }
    for letter in letters {
        assert_eq!(letter.correlation_id(), Some("order-7"));
    }
    node.stop().await;
}

/// A group may receive messages of topics outside of its plan. Their dead letters are stored too.
pub async fn dead_letter_of_unplanned_topic_is_stored_msg_3(harness: &dyn Harness) {
    let (node, topic) = (Node::start(harness).await, topic());
    let group = GroupName::new(&group()).unwrap();
    let foreign = Envelope::new(topic.clone(), "conformance.foreign", "foreign", "payload");
    let reason = DeadLetterReason::UnknownType;
    let letter = DeadLetter::new(foreign, &group, reason, "CLASS", "why", 0, Utc::now());
    let stored = letter.clone().into_stored();
    let answers = node.transport.publish(vec![stored]).await;
    assert!(matches!(answers[..], [Ok(())]), "{answers:?}");
    let found = dead_letters(&node, &topic, 1).await.remove(0);
    assert_eq!(found.id, letter.id);
    assert_eq!(found.envelope.topic(), &topic);
    node.stop().await;
}

/// The attributes of a dead letter make a message of the maximum size too large. Only its beginning
/// is stored, it cannot be replayed, and the next message is handled.
pub async fn dead_letter_above_size_limit_is_cut_msg_3(harness: &dyn Harness) {
    let Some(limit) = harness.refused_size() else {
        return;
    };
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let subscription = failing(&record, &group(), &topic, |text, _| {
        text.starts_with('x').then(|| Failure::reject("not wanted"))
    });
    node.subscribe(subscription).await;
    let mut size = limit;
    loop {
        let payload = "x".repeat(size);
        let huge = Envelope::new(topic.clone(), "conformance.huge", "foreign", payload);
        match &node.transport.publish(vec![huge]).await[..] {
            [Ok(())] => break,
            [Err(error)] => assert!(!error.is_transient(), "{error:?}"),
            answers => panic!("{answers:?}"),
        }
        size -= 64;
    }
    let publisher = node.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "next")).await.unwrap();
    record.wait_for(1).await;
    let letter = dead_letters(&node, &topic, 1).await.remove(0);
    let truncated = letter.truncated.clone().unwrap();
    assert_eq!(truncated.size, size as u64);
    assert!(letter.envelope.payload().len() < size);
    let replay = node.messaging.dead_letters().unwrap();
    let selection = Selection::new(
        std::slice::from_ref(&topic),
        DeadLetterFilter::by_id(letter.id),
    );
    let report = replay
        .replay(&selection, &Replay::default(), &Progress::new())
        .await;
    assert_eq!(dead_letters(&node, &topic, 1).await.len(), 1, "{report:?}");
    node.stop().await;
}

/// An operator may name any topic. Browsing its dead letters creates nothing on the broker.
pub async fn browsing_unknown_topic_creates_nothing_msg_3(harness: &dyn Harness) {
    let (node, topic) = (Node::start(harness).await, topic());
    let stored = topic.dead_letters();
    for _ in 0..2 {
        let found = node.transport.browse(&stored, None, 10).await.unwrap();
        assert!(found.is_empty(), "{found:?}");
        let ids = [DeadLetterId::new("unknown")];
        assert_eq!(node.transport.remove(&stored, &ids).await.unwrap(), 0);
    }
    assert!(!harness.has_store(&stored).await, "a store of {stored}");
    node.stop().await;
}
