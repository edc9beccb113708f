use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time;

use super::{Harness, TIMEOUT, group, node::Node, record::Record};
use crate::{DeadLetter, DeadLetterReason, Event, Message, Received, Subscription, Topic};

#[derive(Debug, Serialize, Deserialize)]
struct Counted {
    count: u32,
}

impl Event for Counted {
    const TYPE: &'static str = "conformance.counted";
    const VERSION: u32 = 1;
}

#[derive(Debug, Serialize, Deserialize)]
struct CountedLater {
    count: u32,
}

impl Event for CountedLater {
    const TYPE: &'static str = "conformance.counted";
    const VERSION: u32 = 2;
}

/// An undecodable message is dead-lettered unchanged and blocks no other message. All runs share
/// the topic, so the test finds its letter by the group.
pub async fn undecodable_message_is_dead_lettered_at_once_msg_3(harness: &dyn Harness) {
    let (node, name, record) = (Node::start(harness).await, group(), Record::new());
    let topic = Topic::new(Counted::TOPIC).unwrap();
    node.subscribe(counting(&name, &record)).await;
    let publisher = node.publisher(&[&topic]).await;
    let broken = Message::raw(topic.as_str(), "application/json", "{\"count\": \"many\"}").key("k");
    publisher.publish(broken).await.unwrap();
    publisher
        .publish(Message::from_event(&Counted { count: 3 }).key("k"))
        .await
        .unwrap();
    record
        .wait_until(|texts| texts.iter().any(|text| text == "{\"count\":3}"))
        .await;
    let letter = letter_of(&node, &topic, &name, DeadLetterReason::Undecodable).await;
    assert_eq!(&letter.envelope.payload()[..], b"{\"count\": \"many\"}");
    node.stop().await;
}

/// A message with an unknown type or version is dead-lettered.
pub async fn unknown_type_or_version_is_dead_lettered_at_once_msg_6(harness: &dyn Harness) {
    let (node, name, record) = (Node::start(harness).await, group(), Record::new());
    let topic = Topic::new(Counted::TOPIC).unwrap();
    node.subscribe(counting(&name, &record)).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher
        .publish(Message::from_event(&CountedLater { count: 4 }))
        .await
        .unwrap();
    let letter = letter_of(&node, &topic, &name, DeadLetterReason::UnknownType).await;
    assert_eq!(letter.envelope.version(), Some(2));
    node.stop().await;
}

fn counting(group: &str, record: &Record) -> Subscription {
    let record = record.clone();
    Subscription::new(group).on(move |received: Received<Counted>| {
        assert!(received.count > 0);
        record.add(received.envelope());
        async { Ok(()) }
    })
}

/// Returns the first dead letter of a group with this reason. Concurrent tests publish to one
/// topic, so the group also has letters with other reasons.
async fn letter_of(
    node: &Node,
    topic: &Topic,
    group: &str,
    reason: DeadLetterReason,
) -> DeadLetter {
    let letters = node.messaging.dead_letters().unwrap();
    let wait = async {
        loop {
            let found = letters.list(topic, None, 10_000).await.unwrap();
            let is_it = |letter: &DeadLetter| {
                let of_group = letter.group.as_ref();
                letter.reason == reason && of_group.is_some_and(|name| name.as_str() == group)
            };
            if let Some(letter) = found.into_iter().find(is_it) {
                return letter;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(TIMEOUT, wait).await.unwrap()
}
