//! Groups that a publisher creates on RabbitMQ.

use std::{num::NonZeroU16, time::Duration};

use lapin::types::FieldTable;
use seaworthy_core::new_id;
use seaworthy_messaging::{
    Envelope, GroupName, MessagingConfig, PublishError, Topic,
    rabbitmq::{QueueArgument, QueueKind},
    transport::{Deliveries, GroupPlan, Order, SubscriptionPlan, TopicPlan, Transport},
};
use seaworthy_testkit::rabbitmq::RabbitmqServer;
use tokio::time::timeout;

use crate::rabbitmq::{RABBITMQ, connect};

/// A topic with a group whose name is `group` and the name of the topic.
fn required(topic: &Topic) -> TopicPlan {
    let group = GroupName::new(&format!("group.{topic}")).unwrap();
    TopicPlan {
        topic: topic.clone(),
        allows_unroutable: true,
        groups: vec![GroupPlan {
            group,
            order: Order::Member,
        }],
    }
}

fn settings(server: &RabbitmqServer) -> MessagingConfig {
    MessagingConfig::new(server.url().parse().unwrap())
}

/// The settings of a service with other arguments for the queues of its groups.
fn short_queues(server: &RabbitmqServer) -> MessagingConfig {
    let mut config = settings(server);
    let length = ("x-max-length".to_owned(), QueueArgument::Number(100));
    config.rabbitmq.queue_defaults.arguments.extend([length]);
    config
}

fn classic_queues(server: &RabbitmqServer) -> MessagingConfig {
    let mut config = settings(server);
    config.rabbitmq.queue_defaults.kind = QueueKind::Classic;
    config
}

/// Returns a channel of another client.
async fn channel(server: &RabbitmqServer) -> lapin::Channel {
    let url = server.url();
    let client = lapin::Connection::connect(&url, lapin::ConnectionProperties::default());
    client.await.unwrap().create_channel().await.unwrap()
}

async fn publish(broker: &dyn Transport, topic: &Topic, text: &'static str) {
    let batch = vec![Envelope::new(topic.clone(), "kind", "source", text)];
    let answers = broker.publish(batch).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

/// Takes and acknowledges one message.
async fn receive(session: &dyn Deliveries) -> String {
    let arrived = timeout(Duration::from_secs(60), session.next()).await;
    let arrived = arrived.unwrap().unwrap();
    session.acknowledge(vec![arrived[0].tag]).await.unwrap();
    String::from_utf8(arrived[0].envelope.payload().to_vec()).unwrap()
}

/// Returns the topic, its plan, and the plan of a member of its group.
fn required_group() -> (Topic, TopicPlan, SubscriptionPlan) {
    let topic = Topic::new(&format!("required.{}", new_id().simple())).unwrap();
    let plan = required(&topic);
    let member = SubscriptionPlan {
        group: plan.groups[0].group.clone(),
        topics: vec![topic.clone()],
        prefetch: NonZeroU16::new(10).unwrap(),
        is_required: true,
        order: Order::Member,
    };
    (topic, plan, member)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queue_of_publisher_serves_group_with_other_settings_msg_3() {
    let Some(server) = RABBITMQ.get() else { return };
    let (topic, plan, member) = required_group();
    let publisher = connect(settings(server)).await;
    publisher.declare(vec![plan]).await.unwrap();
    publish(&*publisher, &topic, "early").await;

    let consumer = connect(short_queues(server)).await;
    let session = consumer.open(member.clone()).await.unwrap();
    assert_eq!(receive(&*session).await, "early");

    // The order of a group is no setting, so a subscription with another order is an error.
    let ordered = SubscriptionPlan {
        order: Order::Group,
        ..member
    };
    assert!(consumer.open(ordered).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publisher_accepts_queue_with_other_settings_msg_3() {
    let Some(server) = RABBITMQ.get() else { return };
    let (topic, plan, mut member) = required_group();
    // The group starts before it subscribes to this topic.
    let other = Topic::new(&format!("other.{topic}")).unwrap();
    member.topics = vec![other];
    let consumer = connect(short_queues(server)).await;
    let session = consumer.open(member).await.unwrap();

    let publisher = connect(settings(server)).await;
    publisher.declare(vec![plan]).await.unwrap();
    publish(&*publisher, &topic, "bound").await;
    assert_eq!(receive(&*session).await, "bound");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_exchange_and_queue_are_created_again_msg_3() {
    let Some(server) = RABBITMQ.get() else { return };
    let mut config = settings(server);
    config.rabbitmq.exchange = format!("exchange.{}", new_id().simple());
    let exchange = config.rabbitmq.exchange.clone();
    let (topic, plan, member) = required_group();
    let broker = connect(config).await;
    // Without `allows_unroutable` the broker returns messages without a queue.
    let plan = TopicPlan {
        allows_unroutable: false,
        ..plan
    };
    broker.declare(vec![plan]).await.unwrap();
    let channel = channel(server).await;
    let publish = async |text: &'static str| {
        let stored = async {
            loop {
                let batch = vec![Envelope::new(topic.clone(), "kind", "source", text)];
                let answer = broker.publish(batch).await.remove(0);
                if answer.is_ok() {
                    break;
                }
                let is_final = matches!(answer, Err(PublishError::Permanent(_)));
                assert!(!is_final, "{answer:?}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(60), stored).await.unwrap();
    };
    let none = lapin::options::ExchangeDeleteOptions::default();
    channel
        .exchange_delete(exchange.into(), none)
        .await
        .unwrap();
    publish("after the exchange").await;
    assert_eq!(broker.lag(&member.group).await.unwrap(), 1);
    let none = lapin::options::QueueDeleteOptions::default();
    let queue = member.group.as_str().into();
    channel.queue_delete(queue, none).await.unwrap();
    publish("after the queue").await;
    let session = broker.open(member).await.unwrap();
    assert_eq!(receive(&*session).await, "after the queue");
}

/// The next attempt, such as that of an outbox, creates the queue again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_queue_of_optional_topic_is_reported_msg_3() {
    let Some(server) = RABBITMQ.get() else { return };
    let (topic, plan, member) = required_group();
    let broker = connect(settings(server)).await;
    broker.declare(vec![plan]).await.unwrap();
    let none = lapin::options::QueueDeleteOptions::default();
    let queue = member.group.as_str().into();
    let deleted = channel(server).await.queue_delete(queue, none).await;
    deleted.unwrap();
    let batch = vec![Envelope::new(topic.clone(), "kind", "source", "lost")];
    let answers = broker.publish(batch).await;
    let is_reported = matches!(&answers[..], [Err(PublishError::Unroutable { .. })]);
    assert!(is_reported, "{answers:?}");
    publish(&*broker, &topic, "again").await;
    let session = broker.open(member).await.unwrap();
    assert_eq!(receive(&*session).await, "again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publisher_creates_queue_with_its_settings_msg_3() {
    let Some(server) = RABBITMQ.get() else { return };
    let (_, plan, member) = required_group();
    let publisher = connect(classic_queues(server)).await;
    publisher.declare(vec![plan]).await.unwrap();
    // The broker rejects a declaration with other arguments.
    let options = lapin::options::QueueDeclareOptions::durable();
    let (queue, none) = (member.group.as_str().into(), FieldTable::default());
    let channel = channel(server).await;
    let declared = channel.queue_declare(queue, options, none).await;
    declared.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn default_consumer_accepts_queue_of_publisher_msg_3() {
    let Some(server) = RABBITMQ.get() else { return };
    for config in [classic_queues(server), short_queues(server)] {
        let (topic, plan, member) = required_group();
        let publisher = connect(config).await;
        publisher.declare(vec![plan]).await.unwrap();
        publish(&*publisher, &topic, "early").await;
        let consumer = connect(settings(server)).await;
        // Such a queue may belong to another system.
        let foreign = SubscriptionPlan {
            is_required: false,
            ..member.clone()
        };
        assert!(consumer.open(foreign).await.is_err());
        let session = consumer.open(member).await.unwrap();
        assert_eq!(receive(&*session).await, "early");
    }
}

/// A queue with a single active consumer would leave the other members of a group idle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queue_with_other_order_is_rejected_msg_2() {
    let Some(server) = RABBITMQ.get() else { return };
    let (_, mut plan, member) = required_group();
    plan.groups[0].order = Order::Group;
    let publisher = connect(settings(server)).await;
    publisher.declare(vec![plan]).await.unwrap();
    for config in [settings(server), short_queues(server)] {
        let consumer = connect(config).await;
        assert!(consumer.open(member.clone()).await.is_err());
    }
}
