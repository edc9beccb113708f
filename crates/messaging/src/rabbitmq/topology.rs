use std::collections::BTreeMap;

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};

use super::{
    config::{ExchangeType, QueueArgument, QueueKind, RabbitmqConfig},
    connection::failure,
};
use crate::{
    Topic,
    transport::{Order, SubscriptionPlan, TransportError},
};

/// Each browsing counts as a delivery, so a delivery limit must not remove dead letters. Newer
/// brokers have a low limit by default.
const DEAD_LETTER_DELIVERY_LIMIT: i64 = 1_000_000_000;

/// Declares the exchange and the dead-letter exchange of the broker.
pub(super) async fn exchanges(
    channel: &Channel,
    config: &RabbitmqConfig,
) -> Result<(), TransportError> {
    let kind = match config.exchange_type {
        ExchangeType::Topic => ExchangeKind::Topic,
        ExchangeType::Direct => ExchangeKind::Direct,
        ExchangeType::Fanout => ExchangeKind::Fanout,
    };
    exchange(channel, &config.exchange, kind).await?;
    exchange(channel, &config.dead_letter_exchange(), ExchangeKind::Topic).await
}

async fn exchange(channel: &Channel, name: &str, kind: ExchangeKind) -> Result<(), TransportError> {
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    channel
        .exchange_declare(short(name)?, kind, options, FieldTable::default())
        .await
        .map_err(failure)
}

/// Declares and binds the queue of a group and the queues of its dead letters.
pub(super) async fn subscription(
    channel: &Channel,
    config: &RabbitmqConfig,
    plan: &SubscriptionPlan,
) -> Result<(), TransportError> {
    exchanges(channel, config).await?;
    for topic in &plan.topics {
        dead_letter_store(channel, config, &topic.dead_letters()).await?;
    }
    let group = plan.group.as_str();
    let queue_config = config.queue(group);
    let mut arguments: BTreeMap<ShortString, AMQPValue> = BTreeMap::new();
    if queue_config.kind == QueueKind::Quorum {
        arguments.insert("x-queue-type".into(), long("quorum"));
        arguments.insert(
            "x-delivery-limit".into(),
            AMQPValue::LongLongInt(queue_config.delivery_limit.into()),
        );
        arguments.insert(
            "x-dead-letter-exchange".into(),
            long(&config.dead_letter_exchange()),
        );
        arguments.insert("x-dead-letter-strategy".into(), long("at-least-once"));
        arguments.insert("x-overflow".into(), long("reject-publish"));
    }
    if plan.order == Order::Group {
        arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    }
    for (name, value) in &queue_config.arguments {
        let value = match value {
            QueueArgument::Flag(flag) => AMQPValue::Boolean(*flag),
            QueueArgument::Number(number) => AMQPValue::LongLongInt(*number),
            QueueArgument::Text(text) => long(text),
        };
        arguments.insert(short(name)?, value);
    }
    queue(channel, group, arguments).await?;
    if queue_config.bindings.is_empty() {
        for topic in &plan.topics {
            bind(channel, group, &config.exchange, topic.as_str()).await?;
        }
    }
    for key in &queue_config.bindings {
        bind(channel, group, &config.exchange, key).await?;
    }
    Ok(())
}

/// Declares the queue of a dead-letter topic and binds it to the dead-letter exchange.
pub(super) async fn dead_letter_store(
    channel: &Channel,
    config: &RabbitmqConfig,
    topic: &Topic,
) -> Result<(), TransportError> {
    dead_letters(channel, config, topic).await?;
    let key = topic.of_dead_letters();
    let key = key.as_ref().unwrap_or(topic).as_str();
    let exchange = config.dead_letter_exchange();
    bind(channel, topic.as_str(), &exchange, key).await
}

/// Declares the queue of a dead-letter topic.
async fn dead_letters(
    channel: &Channel,
    config: &RabbitmqConfig,
    topic: &Topic,
) -> Result<(), TransportError> {
    let mut arguments = BTreeMap::new();
    if config.queue_defaults.kind == QueueKind::Quorum {
        arguments.insert("x-queue-type".into(), long("quorum"));
        arguments.insert(
            "x-delivery-limit".into(),
            AMQPValue::LongLongInt(DEAD_LETTER_DELIVERY_LIMIT),
        );
    }
    queue(channel, topic.as_str(), arguments).await
}

async fn queue(
    channel: &Channel,
    name: &str,
    arguments: BTreeMap<ShortString, AMQPValue>,
) -> Result<(), TransportError> {
    let options = QueueDeclareOptions::durable();
    channel
        .queue_declare(short(name)?, options, arguments.into())
        .await
        .map_err(failure)?;
    Ok(())
}

async fn bind(
    channel: &Channel,
    queue: &str,
    exchange: &str,
    key: &str,
) -> Result<(), TransportError> {
    channel
        .queue_bind(
            short(queue)?,
            short(exchange)?,
            short(key)?,
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .map_err(failure)
}

fn short(text: &str) -> Result<ShortString, TransportError> {
    ShortString::try_new(text).map_err(TransportError::rejected)
}

fn long(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}
