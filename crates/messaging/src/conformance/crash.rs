use std::num::{NonZeroU16, NonZeroU32};

use bytes::Bytes;
use tokio::time;

use super::{
    Harness, TIMEOUT,
    failure::dead_letters,
    group,
    node::Node,
    record::{Record, message},
    topic,
};
use crate::{
    DeadLetterReason, GroupName, Received, Subscription, SubscriptionOverrides, Topic,
    transport::{Order, SubscriptionPlan, Transport},
};

fn taking_one(group: &str, topic: &Topic) -> SubscriptionPlan {
    SubscriptionPlan {
        group: GroupName::new(group).unwrap(),
        topics: vec![topic.clone()],
        prefetch: NonZeroU16::MIN,
        is_required: false,
        order: Order::Member,
    }
}

/// Creates a group without members. So no session that is about to end receives later messages.
async fn make_group(transport: &dyn Transport, group: &str, topic: &Topic) {
    let session = transport.open(taking_one(group, topic)).await.unwrap();
    session.stop().await.unwrap();
}

/// Takes one message in a new session and drops the session without settling the message, as a
/// crash does. Returns the number of deliveries of the message.
async fn receive_and_crash(harness: &dyn Harness, group: &str, topic: &Topic) -> u32 {
    let transport = harness.open().await;
    let deliveries = transport.open(taking_one(group, topic)).await.unwrap();
    let mut taken = time::timeout(TIMEOUT, deliveries.next())
        .await
        .unwrap()
        .unwrap();
    taken.remove(0).count
}

/// A consumer crashes before it acknowledges a message. The next consumer gets the message with its
/// number of deliveries.
pub async fn unsettled_message_is_redelivered_and_counted_msg_3(harness: &dyn Harness) {
    let (node, topic, name) = (Node::start(harness).await, topic(), group());
    let transport = harness.open().await;
    make_group(&*transport, &name, &topic).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher
        .publish(message(&topic, "survivor"))
        .await
        .unwrap();
    assert_eq!(receive_and_crash(harness, &name, &topic).await, 1);
    assert_eq!(receive_and_crash(harness, &name, &topic).await, 2);
    let record = Record::new();
    let arrived = record.clone();
    let subscription =
        Subscription::new(&name).on_topic(topic.as_str(), move |received: Received<Bytes>| {
            assert_eq!(received.deliveries(), 3);
            arrived.add(received.envelope());
            async { Ok(()) }
        });
    node.subscribe(subscription).await;
    assert_eq!(record.wait_for(1).await, ["survivor"]);
    node.stop().await;
}

/// Without this limit, a message that crashes its consumer would crash all processes of the group
/// forever.
pub async fn crashing_message_is_dead_lettered_after_max_deliveries_msg_3(harness: &dyn Harness) {
    let (node, topic, name, record) = (Node::start(harness).await, topic(), group(), Record::new());
    let transport = harness.open().await;
    make_group(&*transport, &name, &topic).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "killer")).await.unwrap();
    for _ in 0..2 {
        receive_and_crash(harness, &name, &topic).await;
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
