use std::sync::Arc;

use seaworthy_messaging::{
    Topic,
    rabbitmq::RabbitmqBroker,
    transport::{Deliveries, Delivery, SubscriptionPlan, Transport},
};
use tokio::time::timeout;

use super::{TIMEOUT, TestBroker, message};

async fn open(transport: &RabbitmqBroker, plan: &SubscriptionPlan) -> Arc<dyn Deliveries> {
    transport.open(plan.clone()).await.unwrap()
}

async fn receive(deliveries: &dyn Deliveries) -> Delivery {
    let mut batch = timeout(TIMEOUT, deliveries.next()).await.unwrap().unwrap();
    assert_eq!(batch.len(), 1, "{batch:?}");
    batch.remove(0)
}

async fn publish(transport: &RabbitmqBroker, topic: &Topic, text: &str) {
    let answers = transport.publish(vec![message(topic, text)]).await;
    assert!(matches!(answers[..], [Ok(())]), "{answers:?}");
}

/// Stops of the group that returned other messages do not hide that a message has no reply.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn returns_of_other_messages_are_not_subtracted_msg_3() {
    let Some(broker) = TestBroker::new() else {
        return;
    };
    let topic = broker.topic("topic");
    let plan = broker.plan("group", vec![topic.clone()]);
    let transport = broker.connect().await;
    let first = open(&transport, &plan).await;
    publish(&transport, &topic, "returned").await;
    let mut session = first;
    for _ in 0..5 {
        let delivery = receive(&*session).await;
        assert_eq!(delivery.count, 1, "a return counted as a delivery");
        session.stop().await.unwrap();
        session.release(vec![delivery.tag]).await.unwrap();
        drop(session);
        session = open(&transport, &plan).await;
    }
    let delivery = receive(&*session).await;
    assert_eq!(delivery.count, 1, "a return counted as a delivery");
    session.acknowledge(vec![delivery.tag]).await.unwrap();

    publish(&transport, &topic, "without an answer").await;
    for count in 1..=4 {
        assert_eq!(receive(&*session).await.count, count);
        // The member ends as in a crash.
        drop(session);
        session = open(&transport, &plan).await;
    }
}

/// A member reads what other members and earlier sessions have recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn member_reads_returns_of_other_members_msg_3() {
    let Some(broker) = TestBroker::new() else {
        return;
    };
    let topic = broker.topic("topic");
    let plan = broker.plan("group", vec![topic.clone()]);
    let (one, other) = (broker.connect().await, broker.connect().await);
    let mut session = open(&one, &plan).await;
    publish(&one, &topic, "text").await;
    for transport in [&other, &one, &other, &one] {
        let delivery = receive(&*session).await;
        assert_eq!(delivery.count, 1);
        session.stop().await.unwrap();
        session.release(vec![delivery.tag]).await.unwrap();
        drop(session);
        session = open(transport, &plan).await;
    }
    assert_eq!(receive(&*session).await.count, 1);
}
