use seaworthy_core::ByteSize;

use super::{
    Harness, group,
    node::Node,
    record::{Record, message},
    topic,
};
use crate::{GroupName, Message, PublishError, Topics};

/// An engine whose topics are logs stores the message instead.
pub async fn publish_without_subscriber_is_error_msg_2(harness: &dyn Harness) {
    let (node, topic) = (Node::start(harness).await, topic());
    let publisher = node.publisher(&[&topic]).await;
    let result = publisher
        .publish(message(&topic, "without subscriber"))
        .await;
    if harness.reports_unroutable() {
        assert!(
            matches!(result, Err(PublishError::Unroutable { .. })),
            "{result:?}"
        );
    } else {
        result.unwrap();
    }
    let record = Record::new();
    node.subscribe(record.subscription(&group(), &[&topic]))
        .await;
    publisher
        .publish(message(&topic, "with subscriber"))
        .await
        .unwrap();
    record
        .wait_until(|texts| texts.contains(&"with subscriber".to_owned()))
        .await;
    node.stop().await;
}

/// A declared topic needs no subscriber.
pub async fn topic_may_be_declared_without_subscriber_msg_2(harness: &dyn Harness) {
    let (node, topic) = (Node::start(harness).await, topic());
    let topics = Topics::new().with_unroutable_topic(topic.as_str());
    let publisher = node.messaging.publisher(topics).await.unwrap();
    publisher
        .publish(message(&topic, "without subscriber"))
        .await
        .unwrap();
    node.stop().await;
}

/// The second of three messages has no subscriber, or is too large. The others arrive, and the
/// results identify the failed one.
pub async fn batch_has_result_per_message_msg_4(harness: &dyn Harness) {
    let node = Node::start_with(harness, |config| {
        config.max_message_size = ByteSize::kibibytes(1);
    })
    .await;
    let (subscribed, unsubscribed, record) = (topic(), topic(), Record::new());
    node.subscribe(record.subscription(&group(), &[&subscribed]))
        .await;
    let publisher = node.publisher(&[&subscribed, &unsubscribed]).await;
    let generous = Node::start(harness).await.publisher(&[&subscribed]).await;
    let batch = vec![
        publisher.prepare(message(&subscribed, "one")).unwrap(),
        publisher
            .prepare(message(&unsubscribed, "without subscriber"))
            .unwrap(),
        generous
            .prepare(message(&subscribed, &"x".repeat(2_000)))
            .unwrap(),
        publisher.prepare(message(&subscribed, "two")).unwrap(),
    ];
    let results = publisher.publish_all(batch).await;
    let [one, unroutable, large, two] = &results[..] else {
        panic!("four messages have {} answers", results.len())
    };
    assert!(one.is_ok() && two.is_ok(), "{results:?}");
    if harness.reports_unroutable() {
        assert!(
            matches!(unroutable, Err(PublishError::Unroutable { .. })),
            "{unroutable:?}"
        );
    }
    assert!(
        matches!(large, Err(PublishError::TooLarge { .. })),
        "{large:?}"
    );
    record.wait_for(2).await;
    node.stop().await;
    let mut texts = record.texts();
    texts.sort();
    assert_eq!(texts, ["one", "two"]);
}

/// An undeclared topic, an invalid header, a message that is too large, and a publisher without
/// topics.
pub async fn unpublishable_message_is_rejected_msg_2(harness: &dyn Harness) {
    let (node, known, other) = (Node::start(harness).await, topic(), topic());
    let publisher = node.publisher(&[&known]).await;
    let large = Message::raw(known.as_str(), "text/plain", vec![0_u8; 1024 * 1024]);
    for (message, reason) in [
        (message(&other, "x"), "permanent"),
        (message(&known, "x").header("a b", "c"), "permanent"),
        (Message::raw("no topic", "text/plain", "x"), "permanent"),
        (large, "too_large"),
    ] {
        let error = publisher.publish(message).await.unwrap_err();
        assert_eq!(error.reason(), reason, "{error:?}");
    }
    assert!(node.messaging.publisher(Topics::new()).await.is_err());
    assert!(
        node.messaging
            .publisher(Topics::new().with_topic("a b"))
            .await
            .is_err()
    );
    let nothing = crate::Subscription::new(&group());
    assert!(node.messaging.subscribe(nothing).await.is_err());
    node.stop().await;
}

/// Publishes to one group, as a replay does.
pub async fn message_for_one_group_reaches_no_other_msg_3(harness: &dyn Harness) {
    let (node, topic) = (Node::start(harness).await, topic());
    let (name, chosen, other) = (group(), Record::new(), Record::new());
    node.subscribe(chosen.subscription(&name, &[&topic])).await;
    node.subscribe(other.subscription(&group(), &[&topic]))
        .await;
    let publisher = node.publisher(&[&topic]).await;
    let recipient = GroupName::new(&name).unwrap();
    let envelope = publisher.prepare(message(&topic, "for one")).unwrap();
    let envelope = envelope.with_recipient(Some(recipient));
    publisher
        .publish_all(vec![envelope])
        .await
        .remove(0)
        .unwrap();
    publisher.publish(message(&topic, "for all")).await.unwrap();
    chosen.wait_for(2).await;
    assert_eq!(other.wait_for(1).await, ["for all"]);
    node.stop().await;
    assert_eq!(other.texts(), ["for all"]);
}
