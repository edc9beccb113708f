use std::collections::BTreeMap;

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    protocol::AMQPSoftError,
    types::{AMQPValue, FieldTable, ShortString},
};

use super::{
    config::{ExchangeType, QueueArgument, QueueConfig, QueueKind, RabbitmqConfig},
    connection::BrokerConnection,
    failure::{cause_text, is_rejection, transport_error},
};
use crate::{
    Topic,
    transport::{GroupPlan, Order, SubscriptionPlan, TransportError},
};

/// The delivery limit of dead-letter queues. Each browsing counts as a delivery, so the limit must
/// not remove dead letters. Newer brokers have a low limit by default.
const DEAD_LETTER_DELIVERY_LIMIT: i64 = 1_000_000_000;
/// The argument of a queue with one active consumer.
const SINGLE_ACTIVE_CONSUMER: &str = "x-single-active-consumer";
/// The AMQP reply code of a normal close.
const REPLY_SUCCESS: u16 = 200;

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
        .map_err(transport_error)
}

/// Declares and binds the queue of a group and the queues of its dead letters. Returns the kind of
/// the queue.
pub(super) async fn subscription(
    connection: &BrokerConnection,
    config: &RabbitmqConfig,
    plan: &SubscriptionPlan,
) -> Result<QueueKind, TransportError> {
    let mut channel = connection.new_channel().await?;
    exchanges(&channel, config).await?;
    for topic in &plan.topics {
        dead_letter_store(&channel, config, &topic.dead_letters()).await?;
    }
    let group = plan.group.as_str();
    let queue_config = config.queue(group);
    let mut kind = queue_config.kind;
    if let Err(error) = group_queue(&channel, config, group, queue_config, plan.order).await {
        if !is_rejection(&error, &AMQPSoftError::PRECONDITIONFAILED) {
            return Err(error);
        }
        (channel, kind) = other_queue(connection, config, plan, error).await?;
        tracing::warn!(%group, "the queue has other arguments than the settings of this service, which have no effect: set the same rabbitmq.queue_defaults in all services, or use a policy; to replace the queue, stop the publishers, delete the queue while it is empty, and start this service first");
    }
    if queue_config.bindings.is_empty() {
        for topic in &plan.topics {
            bind(&channel, group, &config.exchange, topic.as_str()).await?;
        }
    }
    for key in &queue_config.bindings {
        bind(&channel, group, &config.exchange, key).await?;
    }
    close(&channel).await;
    Ok(kind)
}

/// Accepts a queue that a publisher may have created with its own settings. Otherwise returns
/// `error`. The kind of a queue with further arguments is unknown. It then counts as a quorum
/// queue, whose returned messages are recorded.
async fn other_queue(
    connection: &BrokerConnection,
    config: &RabbitmqConfig,
    plan: &SubscriptionPlan,
    error: TransportError,
) -> Result<(Channel, QueueKind), TransportError> {
    let (group, own) = (plan.group.as_str(), config.queue(plan.group.as_str()));
    // A queue that no publisher creates may belong to another system.
    let kinds: &[QueueKind] = match plan.is_required {
        true => &[QueueKind::Quorum, QueueKind::Classic],
        false => &[QueueKind::Quorum],
    };
    // The broker does not report the order of a queue. It names the first argument that differs.
    let is_of_order = |error: &TransportError| cause_text(error).contains(SINGLE_ACTIVE_CONSUMER);
    let mut has_other_order = is_of_order(&error);
    for kind in kinds {
        let other = QueueConfig {
            kind: *kind,
            ..QueueConfig::default()
        };
        if other == *own {
            continue;
        }
        let channel = connection.new_channel().await?;
        match group_queue(&channel, config, group, &other, plan.order).await {
            Ok(()) => return Ok((channel, *kind)),
            Err(other) if is_rejection(&other, &AMQPSoftError::PRECONDITIONFAILED) => {
                has_other_order |= is_of_order(&other);
            }
            Err(other) => return Err(other),
        }
    }
    if !plan.is_required || plan.order == Order::Group || has_other_order {
        return Err(error);
    }
    let channel = connection.new_channel().await?;
    let passive = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let found = channel.queue_declare(short(group)?, passive, FieldTable::default());
    found.await.map_err(transport_error)?;
    Ok((channel, QueueKind::Quorum))
}

/// Creates the queues of groups and binds them to a topic. A new queue has the arguments of the
/// publisher's settings. A subscription with other settings accepts such a queue. A queue that
/// exists keeps its arguments, because a binding does not need them.
pub(super) async fn required_groups(
    connection: &BrokerConnection,
    config: &RabbitmqConfig,
    topic: &Topic,
    groups: &[GroupPlan],
) -> Result<(), TransportError> {
    let mut channel = connection.new_channel().await?;
    exchanges(&channel, config).await?;
    for GroupPlan { group, order } in groups {
        let group = group.as_str();
        match group_queue(&channel, config, group, config.queue(group), *order).await {
            Err(error) if is_rejection(&error, &AMQPSoftError::PRECONDITIONFAILED) => {
                channel = connection.new_channel().await?;
            }
            declared => declared?,
        }
        bind(&channel, group, &config.exchange, topic.as_str()).await?;
    }
    close(&channel).await;
    Ok(())
}

/// Declares the queue of a group.
async fn group_queue(
    channel: &Channel,
    config: &RabbitmqConfig,
    group: &str,
    queue_config: &QueueConfig,
    order: Order,
) -> Result<(), TransportError> {
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
    if order == Order::Group {
        arguments.insert(SINGLE_ACTIVE_CONSUMER.into(), AMQPValue::Boolean(true));
    }
    for (name, value) in &queue_config.arguments {
        let value = match value {
            QueueArgument::Flag(flag) => AMQPValue::Boolean(*flag),
            QueueArgument::Number(number) => AMQPValue::LongLongInt(*number),
            QueueArgument::Text(text) => long(text),
        };
        arguments.insert(short(name)?, value);
    }
    queue(channel, group, arguments).await
}

/// Closes a channel that has no further use.
async fn close(channel: &Channel) {
    if let Err(error) = channel.close(REPLY_SUCCESS, "declared".into()).await {
        tracing::debug!(%error, "closing the channel of a declaration failed");
    }
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
        .map_err(transport_error)?;
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
        .map_err(transport_error)
}

fn short(text: &str) -> Result<ShortString, TransportError> {
    ShortString::try_new(text).map_err(TransportError::rejected)
}

fn long(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}
