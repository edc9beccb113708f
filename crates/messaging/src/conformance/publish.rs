use seaworthy_core::ByteSize;

use super::{
    Harness, group,
    node::Node,
    record::{Record, message},
    topic,
};
use crate::{GroupName, Message, PublishError, Topics};

/// Where the engine can tell; where topics are logs, the message is kept.
pub async fn a_publish_without_a_subscriber_is_an_error_msg_2(harness: &dyn Harness) {
    let (node, topic) = (Node::start(harness).await, topic());
    let publisher = node.publisher(&[&topic]).await;
    let result = publisher.publish(message(&topic, "to nobody")).await;
    if harness.tells_unroutable() {
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
        .publish(message(&topic, "to somebody"))
        .await
        .unwrap();
    record
        .wait_until(|texts| texts.contains(&"to somebody".to_owned()))
        .await;
    node.stop().await;
}

/// By name, once, where the topic is declared.
pub async fn a_topic_may_be_declared_unheard_msg_2(harness: &dyn Harness) {
    let (node, topic) = (Node::start(harness).await, topic());
    let topics = Topics::new().and_unroutable_topic(topic.as_str());
    let publisher = node.messaging.publisher(topics).await.unwrap();
    publisher
        .publish(message(&topic, "to nobody"))
        .await
        .unwrap();
    node.stop().await;
}

/// Of three messages the second has no subscriber (or is too large): the others arrive, and the answers say which.
pub async fn a_batch_is_answered_message_by_message_msg_4(harness: &dyn Harness) {
    let node = Node::start_with(harness, |config| {
        config.max_message_size = ByteSize::kibibytes(1);
    })
    .await;
    let (heard, unheard, record) = (topic(), topic(), Record::new());
    node.subscribe(record.subscription(&group(), &[&heard]))
        .await;
    let publisher = node.publisher(&[&heard, &unheard]).await;
    let generous = Node::start(harness).await.publisher(&[&heard]).await;
    let batch = vec![
        publisher.prepare(message(&heard, "one")).unwrap(),
        publisher.prepare(message(&unheard, "to nobody")).unwrap(),
        generous
            .prepare(message(&heard, &"x".repeat(2_000)))
            .unwrap(),
        publisher.prepare(message(&heard, "two")).unwrap(),
    ];
    let results = publisher.publish_all(batch).await;
    let [one, nobody, large, two] = &results[..] else {
        panic!("four messages have {} answers", results.len())
    };
    assert!(one.is_ok() && two.is_ok(), "{results:?}");
    if harness.tells_unroutable() {
        assert!(
            matches!(nobody, Err(PublishError::Unroutable { .. })),
            "{nobody:?}"
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

/// A topic that the publisher was not made for, a header that breaks an engine, a message that is too large, a publisher of nothing.
pub async fn what_cannot_be_published_is_refused_msg_2(harness: &dyn Harness) {
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
            .publisher(Topics::new().and_topic("a b"))
            .await
            .is_err()
    );
    let nothing = crate::Subscription::new(&group());
    assert!(node.messaging.subscribe(nothing).await.is_err());
    node.stop().await;
}

/// As a replay does.
pub async fn a_message_for_one_group_reaches_no_other_msg_3(harness: &dyn Harness) {
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
