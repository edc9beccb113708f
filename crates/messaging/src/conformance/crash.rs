use std::num::{NonZeroU16, NonZeroU32};

use bytes::Bytes;
use tokio::time;

use super::{
    Harness, PATIENCE,
    failure::dead_letters,
    group,
    node::Node,
    record::{Record, message},
    topic,
};
use crate::{
    DeadLetterReason, Failure, GroupName, Received, Subscription, SubscriptionOverrides, Topic,
    transport::{Order, SubscriptionPlan, Transport},
};

fn taking_one(group: &str, topic: &Topic) -> SubscriptionPlan {
    SubscriptionPlan {
        group: GroupName::new(group).unwrap(),
        topics: vec![topic.clone()],
        prefetch: NonZeroU16::MIN,
        order: Order::Member,
    }
}

/// Makes a group that nobody is in: what is published from now on goes to no session of it that has yet to end.
async fn make_group(transport: &dyn Transport, group: &str, topic: &Topic) {
    let session = transport.open(taking_one(group, topic)).await.unwrap();
    session.stop().await.unwrap();
}

/// Takes one message in a session of its own and ends the session without an answer, as a crash does. Returns how often the message was delivered.
async fn take_and_die(harness: &dyn Harness, group: &str, topic: &Topic) -> u32 {
    let transport = harness.open().await;
    let deliveries = transport.open(taking_one(group, topic)).await.unwrap();
    let mut taken = time::timeout(PATIENCE, deliveries.next())
        .await
        .unwrap()
        .unwrap();
    taken.remove(0).count
}

/// A consumer that dies between work and acknowledgement: the next gets the message, and sees that it is not the first time.
pub async fn a_message_without_an_answer_is_delivered_again_and_counted_msg_3(
    harness: &dyn Harness,
) {
    let (node, topic, name) = (Node::start(harness).await, topic(), group());
    let transport = harness.open().await;
    make_group(&*transport, &name, &topic).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher
        .publish(message(&topic, "survivor"))
        .await
        .unwrap();
    assert_eq!(take_and_die(harness, &name, &topic).await, 1);
    assert_eq!(take_and_die(harness, &name, &topic).await, 2);
    let record = Record::new();
    let came = record.clone();
    let subscription =
        Subscription::new(&name).on_topic(topic.as_str(), move |received: Received<Bytes>| {
            assert_eq!(received.deliveries(), 3);
            came.add(received.envelope());
            async { Ok::<_, Failure>(()) }
        });
    node.subscribe(subscription).await;
    assert_eq!(record.wait_for(1).await, ["survivor"]);
    node.stop().await;
}

/// Without this, a message that kills the process would kill every process of the group for ever.
pub async fn what_kills_its_consumers_is_dead_after_too_many_deliveries_msg_3(
    harness: &dyn Harness,
) {
    let (node, topic, name, record) = (Node::start(harness).await, topic(), group(), Record::new());
    let transport = harness.open().await;
    make_group(&*transport, &name, &topic).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "killer")).await.unwrap();
    for _ in 0..2 {
        take_and_die(harness, &name, &topic).await;
    }
    let subscription = record
        .subscription(&name, &[&topic])
        .limits(SubscriptionOverrides {
            max_deliveries: NonZeroU32::new(2),
            ..SubscriptionOverrides::default()
        });
    node.subscribe(subscription).await;
    let letter = dead_letters(&node, &topic, 1).await.remove(0);
    assert_eq!(letter.reason, DeadLetterReason::DeliveryLimit);
    assert!(record.all().is_empty());
    node.stop().await;
}
