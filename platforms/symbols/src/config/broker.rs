//! Broker settings of both programs. They may share a broker with legacy programs.

use seaworthy::{
    messaging::{
        MessagingConfig,
        rabbitmq::{ExchangeType, RabbitmqHeaders},
    },
    service::SettingProblem,
};

/// The exchange that legacy programs declare.
const EXCHANGE: &str = "lifecycle_events";
// Headers that legacy programs write and read.
const MESSAGE_ID: &str = "_watermill_message_uuid";
const TOPIC: &str = "routing_key";
const CORRELATION_ID: &str = "correlation_id";
const REQUEST_ID: &str = "request_id";

/// Returns the defaults: an embedded broker in a file that both programs share, and the exchange
/// and headers of legacy programs on RabbitMQ.
pub(super) fn broker() -> MessagingConfig {
    let mut broker = MessagingConfig::default();
    broker.rabbitmq.exchange = EXCHANGE.to_owned();
    broker.rabbitmq.exchange_type = ExchangeType::Fanout;
    broker.rabbitmq.headers = RabbitmqHeaders {
        message_id: Some(MESSAGE_ID.to_owned()),
        topic: Some(TOPIC.to_owned()),
        correlation_id: Some(CORRELATION_ID.to_owned()),
        request_id: Some(REQUEST_ID.to_owned()),
    };
    broker
}

/// Returns the problem of an exchange without a name. RabbitMQ does not let clients declare it.
pub(super) fn exchange_problem(broker: &MessagingConfig) -> Option<SettingProblem> {
    let is_named = !broker.rabbitmq.exchange.is_empty();
    let problem = "must not be empty";
    (!is_named).then(|| SettingProblem::new("broker.rabbitmq.exchange", problem))
}
