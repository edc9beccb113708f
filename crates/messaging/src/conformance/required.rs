use std::num::NonZeroU16;

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
    GroupName, Topic,
    transport::{GroupPlan, Order, SubscriptionPlan, TopicPlan},
};

/// A topic with these groups.
fn plan(topic: &Topic, groups: &[(&str, Order)]) -> TopicPlan {
    let groups = groups.iter().map(|(name, order)| GroupPlan {
        group: GroupName::new(name).unwrap(),
        order: *order,
    });
    TopicPlan {
        topic: topic.clone(),
        allows_unroutable: true,
        groups: groups.collect(),
    }
}

/// Required groups receive messages from before their first start, also if another group has
/// started.
pub async fn messages_wait_for_required_groups_msg_3(harness: &dyn Harness) {
    if !harness.creates_groups() {
        return;
    }
    let (node, topic) = (Node::start(harness).await, topic());
    let (early, late, ordered) = (group(), group(), group());
    let groups = [
        (early.as_str(), Order::Member),
        (late.as_str(), Order::Member),
        (ordered.as_str(), Order::Group),
    ];
    let declared = node.transport.declare(vec![plan(&topic, &groups)]);
    declared.await.unwrap();
    let publisher = node.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "one")).await.unwrap();
    let of_early = Record::new();
    node.subscribe(of_early.subscription(&early, &[&topic]))
        .await;
    assert_eq!(of_early.wait_for(1).await, ["one"]);
    publisher.publish(message(&topic, "two")).await.unwrap();
    assert_eq!(of_early.wait_for(2).await, ["one", "two"]);

    let (of_late, of_ordered) = (Record::new(), Record::new());
    node.subscribe(of_late.subscription(&late, &[&topic])).await;
    let subscription = of_ordered.subscription(&ordered, &[&topic]).ordered();
    node.subscribe(subscription).await;
    for record in [&of_late, &of_ordered] {
        let mut arrived = record.wait_for(2).await;
        arrived.sort();
        assert_eq!(arrived, ["one", "two"]);
    }
    publisher.publish(message(&topic, "three")).await.unwrap();
    for record in [&of_early, &of_late, &of_ordered] {
        record.wait_for(3).await;
    }
    node.stop().await;
}

/// A publisher that starts again moves no group.
pub async fn required_group_keeps_its_position_msg_3(harness: &dyn Harness) {
    if !harness.creates_groups() {
        return;
    }
    let (node, topic) = (Node::start(harness).await, topic());
    let (name, record) = (group(), Record::new());
    node.subscribe(record.subscription(&name, &[&topic])).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "one")).await.unwrap();
    record.wait_for(1).await;
    node.stop().await;

    let again = Node::start(harness).await;
    let publisher = again.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "two")).await.unwrap();
    let groups = [(name.as_str(), Order::Member)];
    let declared = again.transport.declare(vec![plan(&topic, &groups)]);
    declared.await.unwrap();
    publisher.publish(message(&topic, "three")).await.unwrap();
    again.subscribe(record.subscription(&name, &[&topic])).await;
    let mut arrived = record.wait_for(3).await;
    arrived.sort();
    assert_eq!(arrived, ["one", "three", "two"]);
    again.stop().await;
    assert_eq!(record.all().len(), 3, "a message was delivered twice");
}

/// A member of a group, with at most one message. It does not subscribe to other topics.
fn member(group: &str, topic: &Topic) -> SubscriptionPlan {
    SubscriptionPlan {
        group: GroupName::new(group).unwrap(),
        topics: vec![topic.clone()],
        prefetch: NonZeroU16::MIN,
        is_required: false,
        order: Order::Member,
    }
}

/// A publisher declares a topic for a group whose members do not subscribe to it. The next member
/// receives the messages that were published before it started.
pub async fn running_group_receives_new_topic_msg_3(harness: &dyn Harness) {
    if !harness.creates_groups() {
        return;
    }
    let (old, new, name) = (topic(), topic(), group());
    let (first, node) = (harness.open().await, Node::start(harness).await);
    let session = first.open(member(&name, &old)).await.unwrap();
    let publisher = node.publisher(&[&old]).await;
    publisher.publish(message(&old, "one")).await.unwrap();
    // This message is not settled, so the member does not take others.
    let held = time::timeout(TIMEOUT, session.next()).await;
    assert_eq!(held.unwrap().unwrap().len(), 1);

    let groups = [(name.as_str(), Order::Member)];
    let declared = node.transport.declare(vec![plan(&new, &groups)]);
    declared.await.unwrap();
    let publisher = node.publisher(&[&new]).await;
    publisher.publish(message(&new, "two")).await.unwrap();
    let record = Record::new();
    node.subscribe(record.subscription(&name, &[&old, &new]))
        .await;
    let has_two = |texts: &[String]| texts.iter().any(|text| text == "two");
    record.wait_until(has_two).await;
    drop(session);
    node.stop().await;
    first.close().await;
}

/// A member that does not subscribe to the topic yet starts after the publisher of the topic.
pub async fn members_without_topic_keep_required_group_msg_3(harness: &dyn Harness) {
    if !harness.creates_groups() {
        return;
    }
    let (node, old, new, name) = (Node::start(harness).await, topic(), topic(), group());
    let groups = [(name.as_str(), Order::Member)];
    let new_plan = TopicPlan {
        allows_unroutable: false,
        ..plan(&new, &groups)
    };
    node.transport.declare(vec![new_plan]).await.unwrap();
    let session = node.transport.open(member(&name, &old)).await.unwrap();
    session.stop().await.unwrap();
    drop(session);
    let publisher = node.publisher(&[&new]).await;
    publisher.publish(message(&new, "one")).await.unwrap();
    let record = Record::new();
    node.subscribe(record.subscription(&name, &[&old, &new]))
        .await;
    assert_eq!(record.wait_for(1).await, ["one"]);
    node.stop().await;
}

/// In a rolling deployment, older members leave messages of a new topic to newer members.
pub async fn older_members_return_messages_of_new_topic_msg_3(harness: &dyn Harness) {
    if !harness.creates_groups() || !harness.has_rolling_deployments() {
        return;
    }
    let (old, new, name) = (topic(), topic(), group());
    let (first, second) = (Node::start(harness).await, Node::start(harness).await);
    let (of_first, of_second) = (Record::new(), Record::new());
    first.subscribe(of_first.subscription(&name, &[&old])).await;
    let groups = [(name.as_str(), Order::Member)];
    let declared = second.transport.declare(vec![plan(&new, &groups)]);
    declared.await.unwrap();
    let publisher = second.publisher(&[&old, &new]).await;
    publisher.publish(message(&new, "new")).await.unwrap();
    // The member receives this message after the first one.
    publisher.publish(message(&old, "old")).await.unwrap();
    assert_eq!(of_first.wait_for(1).await, ["old"]);
    let subscription = of_second.subscription(&name, &[&old, &new]);
    second.subscribe(subscription).await;
    of_second
        .wait_until(|texts| texts.contains(&"new".to_owned()))
        .await;
    assert_eq!(of_first.texts(), ["old"]);
    first.stop().await;
    second.stop().await;
}

/// Messages of a new topic hold a quarter of the prefetch of older members.
pub async fn new_topic_leaves_prefetch_to_known_topics_msg_3(harness: &dyn Harness) {
    if !harness.has_rolling_deployments() || !harness.receives_new_topics() {
        return;
    }
    let (old, new, name) = (topic(), topic(), group());
    let (first, second) = (Node::start(harness).await, Node::start(harness).await);
    let record = Record::new();
    let subscription = record.subscription(&name, &[&old]);
    first
        .subscribe(subscription.concurrency(4).prefetch(4))
        .await;
    let groups = [(name.as_str(), Order::Member)];
    let declared = second.transport.declare(vec![plan(&new, &groups)]);
    declared.await.unwrap();
    let publisher = second.publisher(&[&old, &new]).await;
    for _ in 0..8 {
        let published = publisher.publish(message(&new, "new").key("one"));
        published.await.unwrap();
    }
    publisher.publish(message(&old, "old")).await.unwrap();
    assert_eq!(record.wait_for(1).await, ["old"]);
    // One of four unacknowledged messages waits for a newer member.
    assert_eq!(dead_letters(&first, &new, 7).await.len(), 7);
    first.stop().await;
    second.stop().await;
}
