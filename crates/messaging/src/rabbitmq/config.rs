use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default name of the exchange.
const DEFAULT_EXCHANGE: &str = "events";
/// The default of `connect_timeout`. A handshake takes far less time.
const DEFAULT_CONNECT_TIMEOUT: Timeout = Timeout::from_secs(5);
/// The default of `heartbeat`. Two missing ones mean a lost peer. Middleboxes allow about a minute.
const DEFAULT_HEARTBEAT: Timeout = Timeout::from_secs(10);
/// The default of `delivery_limit`, far above `max_deliveries`, which records a reason. It is for
/// messages that consumers of this framework do not receive.
const DEFAULT_DELIVERY_LIMIT: u32 = 100;

/// Settings of RabbitMQ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RabbitmqConfig {
    /// The exchange of all topics.
    pub exchange: String,
    /// The type of the exchange.
    pub exchange_type: ExchangeType,
    /// The topic exchange of dead letters. By default the name of the exchange with the suffix
    /// `.dead-letters`, because other systems use `.dlx` for exchanges of other types.
    pub dead_letter_exchange: Option<String>,
    /// The timeout of connecting, and of opening a subscription.
    pub connect_timeout: Timeout,
    /// The heartbeat interval.
    pub heartbeat: Timeout,
    /// A PEM file with CA certificates that are trusted in addition to those of the system, for
    /// amqps.
    pub ca_file: Option<PathBuf>,
    /// Headers that other systems expect in addition to those of CloudEvents.
    pub headers: RabbitmqHeaders,
    /// Settings of queues without their own settings.
    pub queue_defaults: QueueConfig,
    /// Settings of single queues, by consumer group, for a broker that is shared with other
    /// systems. Startup fails for an entry without a subscription.
    pub queues: BTreeMap<String, QueueConfig>,
}

/// The type of the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExchangeType {
    /// Queues receive messages whose routing keys match their patterns.
    #[default]
    Topic,
    /// Queues receive messages with exactly their routing key.
    Direct,
    /// Queues receive all messages, so every group must handle all topics.
    Fanout,
}

/// Names of headers that other systems expect. The service sends and reads each header that has a
/// name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RabbitmqHeaders {
    /// The header of the message ID.
    pub message_id: Option<String>,
    /// The header of the topic.
    pub topic: Option<String>,
    /// The header of the correlation ID. Without one it has the message ID.
    pub correlation_id: Option<String>,
    /// The header of the request ID.
    pub request_id: Option<String>,
}

/// Settings of a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QueueConfig {
    /// The kind of the queue.
    pub kind: QueueKind,
    /// Binding keys that replace the topics of the subscription, such as `symbol.#`.
    pub bindings: Vec<String>,
    /// The number of requeues after which the broker itself dead-letters a message, in quorum
    /// queues.
    pub delivery_limit: u32,
    /// Additional arguments of the declaration. They override arguments of the kind with the same
    /// name.
    pub arguments: BTreeMap<String, QueueArgument>,
}

/// The kind of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum QueueKind {
    /// A quorum queue with at-least-once dead-lettering.
    #[default]
    Quorum,
    /// A durable classic queue without arguments, for queues that other systems declare so.
    Classic,
}

/// The value of a queue argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum QueueArgument {
    /// A Boolean.
    Flag(bool),
    /// An integer.
    Number(i64),
    /// A string.
    Text(String),
}

impl RabbitmqConfig {
    /// Returns the settings of the queue of a group.
    pub(super) fn queue(&self, group: &str) -> &QueueConfig {
        self.queues.get(group).unwrap_or(&self.queue_defaults)
    }

    /// Returns the name of the dead-letter exchange.
    pub(super) fn dead_letter_exchange(&self) -> String {
        let name = self.dead_letter_exchange.clone();
        name.unwrap_or_else(|| format!("{}.dead-letters", self.exchange))
    }
}

impl Default for RabbitmqConfig {
    fn default() -> Self {
        Self {
            exchange: DEFAULT_EXCHANGE.to_owned(),
            exchange_type: ExchangeType::default(),
            dead_letter_exchange: None,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            heartbeat: DEFAULT_HEARTBEAT,
            ca_file: None,
            headers: RabbitmqHeaders::default(),
            queue_defaults: QueueConfig::default(),
            queues: BTreeMap::new(),
        }
    }
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            kind: QueueKind::default(),
            bindings: Vec::new(),
            delivery_limit: DEFAULT_DELIVERY_LIMIT,
            arguments: BTreeMap::new(),
        }
    }
}
