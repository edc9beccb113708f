use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::join_all;
use tokio::{sync::Notify, time};

use super::{
    Harness, TIMEOUT, group,
    node::Node,
    record::{Record, Tally, message},
    topic,
};
use crate::{
    Failure, GroupName, Received, Subscription,
    transport::{Order, SubscriptionPlan},
};

/// Returns the numbers of each key in order, from texts `key:number`. Ignores further parts.
pub(super) fn by_key(texts: &[String]) -> HashMap<String, Vec<usize>> {
    let mut keys: HashMap<String, Vec<usize>> = HashMap::new();
    for text in texts {
        let mut parts = text.split(':');
        let (key, number) = (parts.next().unwrap(), parts.next().unwrap());
        keys.entry(key.to_owned())
            .or_default()
            .push(number.parse().unwrap());
    }
    keys
}

/// A thousand messages of sixteen keys and ten handlers: each key keeps its order.
pub async fn messages_of_key_arrive_in_order_msg_1(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    node.subscribe(record.subscription(&group(), &[&topic]).concurrency(10))
        .await;
    let publisher = node.publisher(&[&topic]).await;
    let prepared = (0..1_000).map(|number| {
        let key = (number % 16).to_string();
        let text = format!("{key}:{}", number / 16);
        publisher.prepare(message(&topic, &text).key(&key)).unwrap()
    });
    for result in publisher.publish_all(prepared.collect()).await {
        result.unwrap();
    }
    let texts = record.wait_for(1_000).await;
    for (key, numbers) in by_key(&texts) {
        assert!(numbers.is_sorted(), "{key}: {numbers:?}");
    }
    node.stop().await;
}

/// While the first message of a key is being handled, the second waits, and other keys continue.
pub async fn next_message_of_key_waits_for_previous_msg_1(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let gate = Arc::new(Notify::new());
    let (arrived, open) = (record.clone(), Arc::clone(&gate));
    let subscription =
        Subscription::new(&group()).on_topic(topic.as_str(), move |received: Received<Bytes>| {
            let (arrived, open) = (arrived.clone(), Arc::clone(&open));
            async move {
                arrived.add(received.envelope());
                if &received.event()[..] == b"first" {
                    open.notified().await;
                }
                Ok(())
            }
        });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    for (text, key) in [("first", "a"), ("second", "a"), ("other", "b")] {
        publisher
            .publish(message(&topic, text).key(key))
            .await
            .unwrap();
    }
    record
        .wait_until(|texts| texts.contains(&"other".to_owned()))
        .await;
    time::sleep(Duration::from_millis(100)).await;
    assert!(!record.texts().contains(&"second".to_owned()));
    gate.notify_one();
    record.wait_for(3).await;
    node.stop().await;
}

/// A message that fails twice is handled before the next message of its key.
pub async fn retries_keep_key_order_msg_1(harness: &dyn Harness) {
    let (node, topic, record, tally) = (
        Node::start(harness).await,
        topic(),
        Record::new(),
        Tally::default(),
    );
    let arrived = record.clone();
    let subscription =
        Subscription::new(&group()).on_topic(topic.as_str(), move |received: Received<Bytes>| {
            let text = super::record::text(received.envelope());
            let fails = tally.add(&text) < 3 && text.ends_with('0');
            let arrived = arrived.clone();
            async move {
                if fails {
                    return Err(Failure::retry("not yet"));
                }
                arrived.add(received.envelope());
                Ok(())
            }
        });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    for number in 0..40 {
        let key = (number % 2).to_string();
        let text = format!("{key}:{number}");
        publisher
            .publish(message(&topic, &text).key(&key))
            .await
            .unwrap();
    }
    for (key, numbers) in by_key(&record.wait_for(40).await) {
        assert!(numbers.is_sorted(), "{key}: {numbers:?}");
    }
    node.stop().await;
}

/// After a member crashes, the next one receives its unsettled messages in order, before later
/// ones.
pub async fn dead_member_keeps_key_order_msg_1(harness: &dyn Harness) {
    let (node, topic, name, record) = (Node::start(harness).await, topic(), group(), Record::new());
    let plan = SubscriptionPlan {
        group: GroupName::new(&name).unwrap(),
        topics: vec![topic.clone()],
        prefetch: std::num::NonZeroU16::new(5).unwrap(),
        is_required: false,
        order: Order::Group,
    };
    let doomed_transport = harness.open().await;
    let doomed = doomed_transport.open(plan).await.unwrap();
    let publisher = node.publisher(&[&topic]).await;
    for number in 0..20 {
        publisher
            .publish(message(&topic, &format!("key:{number}")).key("key"))
            .await
            .unwrap();
    }
    let mut taken = 0;
    while taken < 5 {
        taken += time::timeout(TIMEOUT, doomed.next())
            .await
            .unwrap()
            .unwrap()
            .len();
    }
    drop(doomed);
    drop(doomed_transport);
    node.subscribe(record.subscription(&name, &[&topic]).ordered())
        .await;
    let texts = record.wait_for(20).await;
    let keys = by_key(&texts);
    let numbers = keys.get("key").unwrap();
    assert!(numbers.is_sorted(), "{numbers:?}");
    node.stop().await;
}

/// Three members never handle one key at the same time, and keep its order.
pub async fn ordered_group_handles_key_in_one_member_msg_1(harness: &dyn Harness) {
    let (topic, group, record) = (topic(), group(), Record::new());
    let busy: Arc<Mutex<HashMap<String, Arc<AtomicBool>>>> = Arc::default();
    let twice = Arc::new(AtomicBool::new(false));
    let mut members = Vec::new();
    for _ in 0..3 {
        let node = Node::start(harness).await;
        let (arrived, busy, twice) = (record.clone(), Arc::clone(&busy), Arc::clone(&twice));
        let subscription = Subscription::new(&group)
            .on_topic(topic.as_str(), move |received: Received<Bytes>| {
                let key = received.envelope().key().unwrap().to_owned();
                let flag = Arc::clone(busy.lock().unwrap().entry(key).or_default());
                let (arrived, twice) = (arrived.clone(), Arc::clone(&twice));
                async move {
                    twice.fetch_or(flag.swap(true, Ordering::SeqCst), Ordering::SeqCst);
                    time::sleep(Duration::from_millis(2)).await;
                    arrived.add(received.envelope());
                    flag.store(false, Ordering::SeqCst);
                    Ok(())
                }
            })
            .concurrency(4)
            .prefetch(4)
            .ordered();
        node.subscribe(subscription).await;
        members.push(node);
    }
    let publisher = members.first().unwrap().publisher(&[&topic]).await;
    for number in 0..120 {
        let key = (number % 3).to_string();
        let text = format!("{key}:{number}");
        publisher
            .publish(message(&topic, &text).key(&key))
            .await
            .unwrap();
    }
    for (key, numbers) in by_key(&record.wait_for(120).await) {
        assert!(numbers.is_sorted(), "{key}: {numbers:?}");
    }
    assert!(!twice.load(Ordering::SeqCst), "two handlers had one key");
    join_all(members.into_iter().map(Node::stop)).await;
}
