//! A broker on which a legacy service declared a fanout exchange for its dead letters.

use lapin::{
    Channel, Connection, ConnectionProperties, ExchangeKind,
    options::{BasicGetOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};
use seaworthy_messaging::{Envelope, rabbitmq::RabbitmqBroker, transport::Transport};

use super::{RABBITMQ, TestBroker, message, topic_plan};

/// Declares what the legacy service declares, with a dead letter in its queue.
async fn declare_legacy(broker: &TestBroker, exchange: &str, queue: &str) -> Channel {
    let url = RABBITMQ.get().unwrap().url();
    let connection = Connection::connect(&url, ConnectionProperties::default());
    let channel = connection.await.unwrap().create_channel().await.unwrap();
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    channel
        .exchange_declare(
            exchange.into(),
            ExchangeKind::Fanout,
            durable,
            FieldTable::default(),
        )
        .await
        .unwrap();
    channel
        .queue_declare(
            queue.into(),
            QueueDeclareOptions::durable(),
            FieldTable::default(),
        )
        .await
        .unwrap();
    channel
        .queue_bind(
            queue.into(),
            exchange.into(),
            "".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .unwrap();
    channel
        .basic_publish(
            exchange.into(),
            broker.unique.as_str().into(),
            lapin::options::BasicPublishOptions::default(),
            b"a legacy dead letter",
            lapin::BasicProperties::default(),
        )
        .await
        .unwrap();
    channel
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn legacy_dead_letter_exchange_does_not_collide_msg_3() {
    let Some(broker) = TestBroker::new() else {
        return;
    };
    let legacy = format!("{}.dlx", broker.config.rabbitmq.exchange);
    let queue = format!("legacy.{}", broker.unique);
    let channel = declare_legacy(&broker, &legacy, &queue).await;
    let topic = broker.topic("topic");
    let transport = broker.connect().await;
    let _deliveries = transport
        .open(broker.plan("group", vec![topic.clone()]))
        .await
        .unwrap();
    transport.declare(vec![topic_plan(&topic)]).await.unwrap();
    let stored = topic.dead_letters();
    let letter = message(&stored, "a dead letter");
    assert!(matches!(
        transport.publish(vec![letter]).await[..],
        [Ok(())]
    ));
    let letters: Vec<Envelope> = transport.browse(&stored, None, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    // The legacy queue has its message, and only that one.
    let get = BasicGetOptions { no_ack: true };
    let found = channel.basic_get(queue.clone().into(), get).await.unwrap();
    assert_eq!(found.unwrap().delivery.data, b"a legacy dead letter");
    let found = channel.basic_get(queue.into(), get).await.unwrap();
    assert!(found.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letter_exchange_has_its_configured_name_msg_3() {
    let Some(mut broker) = TestBroker::new() else {
        return;
    };
    let taken = format!("{}.dead-letters", broker.config.rabbitmq.exchange);
    let queue = format!("legacy.{}", broker.unique);
    let _channel = declare_legacy(&broker, &taken, &queue).await;
    let plan = |broker: &TestBroker| broker.plan("group", vec![broker.topic("topic")]);
    let rejected = match RabbitmqBroker::open(&broker.config, "test").await {
        Ok(transport) => transport.open(plan(&broker)).await.map(drop).is_err(),
        Err(_) => true,
    };
    assert!(rejected);
    broker.config.rabbitmq.dead_letter_exchange = Some(format!("letters.{}", broker.unique));
    let transport = broker.connect().await;
    let _deliveries = transport.open(plan(&broker)).await.unwrap();
}
