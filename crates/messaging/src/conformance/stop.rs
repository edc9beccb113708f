use std::{
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::Notify,
    time::{self, Instant},
};

use super::{
    Harness, TIMEOUT,
    failure::dead_letters,
    group,
    node::Node,
    record::{Record, message, numbers, text},
    topic,
};
use crate::{
    Failure, GroupName, Received, Subscription, SubscriptionOverrides,
    transport::{Order, SubscriptionPlan},
};

/// The handler ends, and its message is acknowledged and not redelivered.
pub async fn stop_finishes_handled_message_life_4(harness: &dyn Harness) {
    let (node, topic, name, record) = (Node::start(harness).await, topic(), group(), Record::new());
    let begun = Arc::new(Notify::new());
    let (arrived, begin) = (record.clone(), Arc::clone(&begun));
    let subscription =
        Subscription::new(&name).on_topic(topic.as_str(), move |received: Received<Bytes>| {
            let (arrived, begin) = (arrived.clone(), Arc::clone(&begin));
            async move {
                begin.notify_one();
                time::sleep(Duration::from_millis(300)).await;
                arrived.add(received.envelope());
                Ok(())
            }
        });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher
        .publish(message(&topic, "in progress"))
        .await
        .unwrap();
    begun.notified().await;
    node.stop().await;
    assert_eq!(record.texts(), ["in progress"]);
    nothing_is_left(harness, &name, &topic, &record).await;
}

/// The next member of the group receives only new messages, and there is no dead letter.
async fn nothing_is_left(
    harness: &dyn Harness,
    group: &str,
    topic: &crate::Topic,
    record: &Record,
) {
    let (next, before) = (Node::start(harness).await, record.all().len());
    next.subscribe(record.subscription(group, &[topic])).await;
    let publisher = next.publisher(&[topic]).await;
    publisher.publish(message(topic, "last")).await.unwrap();
    record
        .wait_until(|texts| texts.iter().any(|text| text == "last"))
        .await;
    assert_eq!(record.all().len(), before + 1, "something arrived twice");
    assert!(dead_letters(&next, topic, 0).await.is_empty());
    next.stop().await;
}

/// A message that waits for its second attempt is returned and not dead-lettered.
pub async fn stop_returns_message_between_attempts_life_4(harness: &dyn Harness) {
    let (node, topic, name, record) = (Node::start(harness).await, topic(), group(), Record::new());
    let failed = Arc::new(Notify::new());
    let begin = Arc::clone(&failed);
    let subscription =
        Subscription::new(&name).on_topic(topic.as_str(), move |_: Received<Bytes>| {
            begin.notify_one();
            async { Err(Failure::delay(Duration::from_secs(60), "not now")) }
        });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "later")).await.unwrap();
    failed.notified().await;
    let begun = Instant::now();
    node.stop().await;
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "the stop waited for the next attempt"
    );
    let next = Node::start(harness).await;
    next.subscribe(record.subscription(&name, &[&topic])).await;
    assert_eq!(record.wait_for(1).await, ["later"]);
    assert!(dead_letters(&next, &topic, 0).await.is_empty());
    next.stop().await;
}

/// Of thirty fetched messages one is being handled. The others are returned immediately, in order.
pub async fn stop_returns_fetched_messages_life_4(harness: &dyn Harness) {
    let (node, topic, name, record) = (Node::start(harness).await, topic(), group(), Record::new());
    let begun = Arc::new(Notify::new());
    let (arrived, begin) = (record.clone(), Arc::clone(&begun));
    let subscription = Subscription::new(&name)
        .on_topic(topic.as_str(), move |received: Received<Bytes>| {
            let (arrived, begin) = (arrived.clone(), Arc::clone(&begin));
            async move {
                begin.notify_one();
                time::sleep(Duration::from_millis(300)).await;
                arrived.add(received.envelope());
                Ok(())
            }
        })
        .concurrency(1);
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    for number in 0..30 {
        publisher
            .publish(message(&topic, &number.to_string()).key("one"))
            .await
            .unwrap();
    }
    begun.notified().await;
    node.stop().await;
    assert!(record.all().len() < 30, "the stop waited for everything");
    let next = Node::start(harness).await;
    next.subscribe(record.subscription(&name, &[&topic])).await;
    let arrived = record.wait_for(30).await;
    let numbers_in_order: Vec<_> = (0..30).map(|number| number.to_string()).collect();
    assert_eq!(arrived, numbers_in_order);
    assert_eq!(record.all().len(), 30, "something arrived twice");
    next.stop().await;
}

/// A stop does not cancel a handler that waits.
pub async fn stop_cancels_no_handler_life_4(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let begun = Arc::new(Notify::new());
    let (arrived, begin) = (record.clone(), Arc::clone(&begun));
    let subscription =
        Subscription::new(&group()).on_topic(topic.as_str(), move |received: Received<Bytes>| {
            let (arrived, begin) = (arrived.clone(), Arc::clone(&begin));
            async move {
                begin.notify_one();
                for _ in 0..20 {
                    time::sleep(Duration::from_millis(10)).await;
                }
                assert!(seaworthy_core::context::current().is_some());
                arrived.add(received.envelope());
                Ok(())
            }
        });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "unmoved")).await.unwrap();
    begun.notified().await;
    node.stop().await;
    assert_eq!(record.texts(), ["unmoved"]);
}

/// Every confirmed message arrives after the end of the publishing service.
pub async fn message_confirmed_before_close_arrives_life_4(harness: &dyn Harness) {
    let (topic, record) = (topic(), Record::new());
    let consumer = Node::start(harness).await;
    consumer
        .subscribe(record.subscription(&group(), &[&topic]))
        .await;
    let node = Node::start(harness).await;
    let publisher = node.publisher(&[&topic]).await;
    let publishing: Vec<_> = numbers(400)
        .into_iter()
        .map(|number| {
            let (publisher, topic) = (publisher.clone(), topic.clone());
            tokio::spawn(async move {
                let published = publisher.publish(message(&topic, &number)).await;
                published.is_ok().then_some(number)
            })
        })
        .collect();
    let (results, ()) = futures::join!(futures::future::join_all(publishing), async {
        time::sleep(Duration::from_millis(5)).await;
        node.stop().await;
    });
    let confirmed: Vec<_> = results.into_iter().filter_map(Result::unwrap).collect();
    let arrived = record
        .wait_until(|texts| confirmed.iter().all(|number| texts.contains(number)))
        .await;
    assert!(arrived.len() >= confirmed.len());
    consumer.stop().await;
    assert!(
        record
            .all()
            .iter()
            .all(|envelope| !text(envelope).is_empty())
    );
}

/// A publication after the close does not succeed silently.
pub async fn publish_after_close_is_error_life_4(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    node.subscribe(record.subscription(&group(), &[&topic]))
        .await;
    let publisher = node.publisher(&[&topic]).await;
    node.stop().await;
    let error = publisher
        .publish(message(&topic, "too late"))
        .await
        .unwrap_err();
    assert_eq!(error.reason(), "closed", "{error:?}");
}

/// The maximum deliveries of the subscription in the next test.
const MAX_DELIVERIES: u32 = 3;

/// A message that more stops return than its maximum deliveries is handled as if it were delivered
/// for the first time.
pub async fn returned_message_counts_no_delivery_msg_3(harness: &dyn Harness) {
    let (node, topic, name, record) = (Node::start(harness).await, topic(), group(), Record::new());
    let plan = SubscriptionPlan {
        group: GroupName::new(&name).unwrap(),
        topics: vec![topic.clone()],
        prefetch: NonZeroU16::new(10).unwrap(),
        is_required: false,
        order: Order::Member,
    };
    let session = node.transport.open(plan.clone()).await.unwrap();
    session.stop().await.unwrap();
    drop(session);
    let publisher = node.publisher(&[&topic]).await;
    for text in ["first", "second"] {
        let published = publisher.publish(message(&topic, text).key("one"));
        published.await.unwrap();
    }
    for _ in 0..MAX_DELIVERIES + 2 {
        let transport = harness.open().await;
        let session = transport.open(plan.clone()).await.unwrap();
        let mut taken = Vec::new();
        while taken.len() < 2 {
            let arrived = time::timeout(TIMEOUT, session.next()).await;
            taken.extend(arrived.unwrap().unwrap());
        }
        session.stop().await.unwrap();
        let tags = taken.iter().map(|delivery| delivery.tag).collect();
        session.release(tags).await.unwrap();
    }
    let arrived = record.clone();
    let subscription = Subscription::new(&name)
        .on_topic(topic.as_str(), move |received: Received<Bytes>| {
            assert_eq!(received.deliveries(), 1);
            arrived.add(received.envelope());
            async { Ok(()) }
        })
        .limits(SubscriptionOverrides {
            max_deliveries: NonZeroU32::new(MAX_DELIVERIES),
            ..SubscriptionOverrides::default()
        });
    node.subscribe(subscription).await;
    assert_eq!(record.wait_for(2).await, ["first", "second"]);
    assert!(dead_letters(&node, &topic, 0).await.is_empty());
    node.stop().await;
}
