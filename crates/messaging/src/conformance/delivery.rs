use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::join_all;
use tokio::{sync::Semaphore, time};

use super::{
    Harness, TIMEOUT, group,
    node::Node,
    record::{Record, message, numbers, text},
    topic,
};
use crate::{Message, Received, Subscription};

/// ID, key, headers, type and payload arrive unchanged.
pub async fn messages_arrive_unchanged_msg_1(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    node.subscribe(record.subscription(&group(), &[&topic]))
        .await;
    let publisher = node.publisher(&[&topic]).await;
    let mut sent = Vec::new();
    for number in 0..100 {
        let message = message(&topic, &number.to_string())
            .key(&format!("key {}", number % 7))
            .subject("subject/ä")
            .header("x-number", &number.to_string());
        let envelope = publisher.prepare(message).unwrap();
        sent.push(envelope.clone());
        publisher
            .publish_all(vec![envelope])
            .await
            .remove(0)
            .unwrap();
    }
    record.wait_for(100).await;
    let mut arrived = record.all();
    arrived.sort_by_key(|envelope| text(envelope).parse::<u32>().unwrap());
    for (arrived, sent) in arrived.iter().zip(&sent) {
        assert_eq!(arrived.id(), sent.id());
        assert_eq!(arrived.key(), sent.key());
        assert_eq!(arrived.subject(), sent.subject());
        assert_eq!(arrived.event_type(), sent.event_type());
        assert_eq!(arrived.content_type(), sent.content_type());
        assert_eq!(arrived.source(), "conformance");
        assert_eq!(arrived.payload(), sent.payload());
        assert_eq!(arrived.header("x-number"), sent.header("x-number"));
        assert_eq!(arrived.topic(), sent.topic());
        let apart = arrived.time().unwrap() - sent.time().unwrap();
        assert!(apart.num_milliseconds() == 0, "{apart}");
    }
    node.stop().await;
}

/// Fifty publishers, and five members with ten handlers each: all messages arrive.
pub async fn concurrent_publishers_and_members_lose_nothing_msg_1(harness: &dyn Harness) {
    const EACH: usize = 40;
    let (topic, group, record) = (topic(), group(), Record::new());
    let mut members = Vec::new();
    for _ in 0..5 {
        let node = Node::start(harness).await;
        node.subscribe(record.subscription(&group, &[&topic]).concurrency(10))
            .await;
        members.push(node);
    }
    let publisher = members.first().unwrap().publisher(&[&topic]).await;
    let publishing = (0..50).map(|number| {
        let (publisher, topic) = (publisher.clone(), topic.clone());
        async move {
            for place in 0..EACH {
                let text = (number * EACH + place).to_string();
                publisher.publish(message(&topic, &text)).await.unwrap();
            }
        }
    });
    join_all(publishing).await;
    let arrived = record.wait_for(50 * EACH).await;
    assert_eq!(
        arrived.into_iter().collect::<BTreeSet<_>>(),
        numbers(50 * EACH)
    );
    join_all(members.into_iter().map(Node::stop)).await;
}

/// Twenty topics with the same payloads: all messages of each arrive.
pub async fn concurrent_topics_lose_nothing_msg_1(harness: &dyn Harness) {
    let node = Node::start(harness).await;
    let topics: Vec<_> = (0..20).map(|_| topic()).collect();
    let all: Vec<_> = topics.iter().collect();
    let publisher = node.publisher(&all).await;
    let mut records = Vec::new();
    for topic in &topics {
        let record = Record::new();
        node.subscribe(record.subscription(&group(), &[topic]))
            .await;
        records.push(record);
    }
    join_all(topics.iter().map(|topic| {
        let publisher = publisher.clone();
        async move {
            let prepared = numbers(50)
                .into_iter()
                .map(|text| publisher.prepare(message(topic, &text)).unwrap());
            for result in publisher.publish_all(prepared.collect()).await {
                result.unwrap();
            }
        }
    }))
    .await;
    for record in &records {
        let arrived = record.wait_for(50).await;
        assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>(), numbers(50));
    }
    node.stop().await;
}

/// A group receives only messages of its topics.
pub async fn topics_are_isolated_msg_1(harness: &dyn Harness) {
    let (node, one, two) = (Node::start(harness).await, topic(), topic());
    let (of_one, of_two) = (Record::new(), Record::new());
    node.subscribe(of_one.subscription(&group(), &[&one])).await;
    node.subscribe(of_two.subscription(&group(), &[&two])).await;
    let publisher = node.publisher(&[&one, &two]).await;
    publisher.publish(message(&one, "one")).await.unwrap();
    publisher.publish(message(&two, "two")).await.unwrap();
    assert_eq!(of_one.wait_for(1).await, ["one"]);
    assert_eq!(of_two.wait_for(1).await, ["two"]);
    node.stop().await;
    assert_eq!((of_one.all().len(), of_two.all().len()), (1, 1));
}

/// Two groups receive all fifty messages each.
pub async fn every_group_receives_every_message_msg_1(harness: &dyn Harness) {
    let (node, topic) = (Node::start(harness).await, topic());
    let records = [Record::new(), Record::new()];
    for record in &records {
        node.subscribe(record.subscription(&group(), &[&topic]))
            .await;
    }
    let publisher = node.publisher(&[&topic]).await;
    for text in numbers(50) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    for record in &records {
        let arrived = record.wait_for(50).await;
        assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>(), numbers(50));
    }
    node.stop().await;
}

/// Of three members of a group, exactly one handles each message.
pub async fn one_member_of_group_receives_message_msg_1(harness: &dyn Harness) {
    let (topic, group, record) = (topic(), group(), Record::new());
    let mut members = Vec::new();
    for _ in 0..3 {
        let node = Node::start(harness).await;
        node.subscribe(record.subscription(&group, &[&topic])).await;
        members.push(node);
    }
    let publisher = members.first().unwrap().publisher(&[&topic]).await;
    for text in numbers(100) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    record.wait_for(100).await;
    join_all(members.into_iter().map(Node::stop)).await;
    assert_eq!(record.all().len(), 100, "some message was handled twice");
}

/// Messages that are published while a group has no member wait for the next one.
pub async fn messages_wait_for_group_without_members_msg_1(harness: &dyn Harness) {
    let (topic, group, record) = (topic(), group(), Record::new());
    let first = Node::start(harness).await;
    first
        .subscribe(record.subscription(&group, &[&topic]))
        .await;
    first.stop().await;
    let second = Node::start(harness).await;
    let publisher = second.publisher(&[&topic]).await;
    for text in numbers(20) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    second
        .subscribe(record.subscription(&group, &[&topic]))
        .await;
    let arrived = record.wait_for(20).await;
    assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>(), numbers(20));
    second.stop().await;
}

/// Members stop and start repeatedly, and no message is lost.
pub async fn joining_and_leaving_members_lose_nothing_life_4(harness: &dyn Harness) {
    const ALL: usize = 500;
    let (topic, group, record) = (topic(), group(), Record::new());
    let first = Node::start(harness).await;
    first
        .subscribe(record.subscription(&group, &[&topic]))
        .await;
    let publisher = first.publisher(&[&topic]).await;
    let publishing = async {
        for text in numbers(ALL) {
            publisher.publish(message(&topic, &text)).await.unwrap();
        }
    };
    let coming_and_going = async {
        for _ in 0..10 {
            let node = Node::start(harness).await;
            node.subscribe(record.subscription(&group, &[&topic])).await;
            record.wait_for(record.texts().len().min(ALL - 1) + 1).await;
            node.stop().await;
        }
    };
    futures::join!(publishing, coming_and_going);
    let arrived = record.wait_for(ALL).await;
    assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>(), numbers(ALL));
    first.stop().await;
}

/// Ten members stop at the same moment, and the next member receives the rest.
pub async fn concurrent_stops_lose_nothing_life_4(harness: &dyn Harness) {
    let (topic, group, record) = (topic(), group(), Record::new());
    let mut members = Vec::new();
    for _ in 0..10 {
        let node = Node::start(harness).await;
        node.subscribe(record.subscription(&group, &[&topic])).await;
        members.push(node);
    }
    let last = Node::start(harness).await;
    let publisher = last.publisher(&[&topic]).await;
    let publishing = async {
        for text in numbers(50) {
            publisher.publish(message(&topic, &text)).await.unwrap();
        }
    };
    futures::join!(join_all(members.into_iter().map(Node::stop)), publishing);
    last.subscribe(record.subscription(&group, &[&topic])).await;
    let arrived = record.wait_for(50).await;
    assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>(), numbers(50));
    last.stop().await;
}

/// An empty payload, all byte values, and nearly the maximum size.
pub async fn empty_large_and_binary_payloads_arrive_msg_1(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    node.subscribe(record.subscription(&group(), &[&topic]).concurrency(1))
        .await;
    let publisher = node.publisher(&[&topic]).await;
    let payloads = [
        Bytes::new(),
        (0..=u8::MAX).collect(),
        std::iter::repeat_n(*b"\0\xffsea", harness.large() / 5)
            .flatten()
            .collect(),
    ];
    for payload in &payloads {
        let message = Message::raw(topic.as_str(), "application/octet-stream", payload.clone());
        publisher.publish(message.key("one")).await.unwrap();
    }
    record.wait_for(payloads.len()).await;
    let arrived: Vec<_> = record
        .all()
        .iter()
        .map(|envelope| envelope.payload().clone())
        .collect();
    assert!(arrived == payloads, "a payload is not what it was");
    node.stop().await;
}

/// A handler that settles nothing holds at most `prefetch` messages.
pub async fn prefetch_bounds_unsettled_messages_msg_7(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let gate = Arc::new(Semaphore::new(0));
    let (arrived, open) = (record.clone(), Arc::clone(&gate));
    let subscription = Subscription::new(&group())
        .on_topic(topic.as_str(), move |received: Received<Bytes>| {
            arrived.add(received.envelope());
            let open = Arc::clone(&open);
            async move {
                open.acquire().await.unwrap().forget();
                Ok(())
            }
        })
        .concurrency(5)
        .prefetch(5);
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    for text in numbers(20) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    record.wait_for(5).await;
    time::sleep(Duration::from_millis(300)).await;
    let report = node.messaging.consumers();
    assert_eq!(report.first().unwrap().unacknowledged, 5);
    assert_eq!(record.texts().len(), 5);
    gate.add_permits(20);
    record.wait_for(20).await;
    node.stop().await;
}

/// Prefetched messages wait for a free handler.
pub async fn concurrency_bounds_running_handlers_msg_7(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (arrived, now, peak) = (record.clone(), Arc::clone(&running), Arc::clone(&most));
    let subscription = Subscription::new(&group())
        .on_topic(topic.as_str(), move |received: Received<Bytes>| {
            let (arrived, now, peak) = (arrived.clone(), Arc::clone(&now), Arc::clone(&peak));
            async move {
                peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                time::sleep(Duration::from_millis(5)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                arrived.add(received.envelope());
                Ok(())
            }
        })
        .concurrency(3)
        .prefetch(30);
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    for text in numbers(30) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    record.wait_for(30).await;
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    node.stop().await;
}

/// A pause returns prefetched messages, and a resume takes them again.
pub async fn paused_group_receives_nothing_until_resumed_msg_7(harness: &dyn Harness) {
    let (node, topic, group, record) =
        (Node::start(harness).await, topic(), group(), Record::new());
    node.subscribe(record.subscription(&group, &[&topic])).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "before")).await.unwrap();
    record.wait_for(1).await;
    assert!(node.messaging.pause(&group));
    assert!(!node.messaging.pause("no such group"));
    let paused = async {
        while node
            .messaging
            .consumers()
            .iter()
            .any(|report| report.connected)
        {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(TIMEOUT, paused).await.unwrap();
    publisher.publish(message(&topic, "during")).await.unwrap();
    time::sleep(Duration::from_millis(300)).await;
    assert_eq!(record.texts(), ["before"]);
    assert!(node.messaging.resume(&group));
    assert_eq!(record.wait_for(2).await, ["before", "during"]);
    node.stop().await;
}

/// The lag counts waiting and unsettled messages, and falls to 0.
pub async fn lag_counts_unacknowledged_messages_hlth_4(harness: &dyn Harness) {
    let (node, topic, group, record) =
        (Node::start(harness).await, topic(), group(), Record::new());
    node.subscribe(record.subscription(&group, &[&topic])).await;
    let publisher = node.publisher(&[&topic]).await;
    node.messaging.pause(&group);
    let paused = async {
        while node
            .messaging
            .consumers()
            .iter()
            .any(|report| report.connected)
        {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(TIMEOUT, paused).await.unwrap();
    for text in numbers(10) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    let name = crate::GroupName::new(&group).unwrap();
    let reaches = async |expected: u64| {
        let wait = async {
            while node.transport.lag(&name).await.unwrap() != expected {
                time::sleep(Duration::from_millis(20)).await;
            }
        };
        time::timeout(TIMEOUT, wait).await.unwrap();
    };
    reaches(10).await;
    node.messaging.resume(&group);
    record.wait_for(10).await;
    reaches(0).await;
    node.stop().await;
}
