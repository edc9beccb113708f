use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// A name that says what is in it.
const DEFAULT_EXCHANGE: &str = "events";
/// A server that takes longer to say hello is not serving.
const DEFAULT_CONNECT_TIMEOUT: Timeout = Timeout::from_secs(5);
/// Two missed ones tell of a dead peer; below the minute after which most middle boxes forget a silent connection.
const DEFAULT_HEARTBEAT: Timeout = Timeout::from_secs(10);
/// Far above the limit of deliveries here, which comes first and knows why: the broker's own only catches what never comes back to a consumer of ours.
const DEFAULT_DELIVERY_LIMIT: u32 = 100;

/// How RabbitMQ is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RabbitmqConfig {
    /// The exchange to which everything is published and from which everything comes.
    pub exchange: String,
    /// Its type.
    pub exchange_type: ExchangeType,
    /// How long connecting may take.
    pub connect_timeout: Timeout,
    /// How often both sides say that they live.
    pub heartbeat: Timeout,
    /// A file with the certificates (PEM) of authorities that are trusted beside those of the system, for amqps.
    pub ca_file: Option<PathBuf>,
    /// Headers that others expect, beside those of CloudEvents.
    pub headers: RabbitmqHeaders,
    /// What every queue has that is not named below.
    pub queue_defaults: QueueConfig,
    /// Queues by the names of their groups, where a broker is shared with others whose queues are what they are.
    pub queues: BTreeMap<String, QueueConfig>,
}

/// The type of the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExchangeType {
    /// Queues get what their patterns match.
    #[default]
    Topic,
    /// Queues get what has exactly their key.
    Direct,
    /// Queues get everything. Topics do not keep groups apart here: a group has to handle all of them.
    Fanout,
}

/// Headers that others expect: where a name is given, its value is sent as a header of that name and read from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RabbitmqHeaders {
    /// The identifier of the message.
    pub message_id: Option<String>,
    /// The topic.
    pub topic: Option<String>,
    /// What all messages of one story share; the identifier of the message where it begins one.
    pub correlation_id: Option<String>,
    /// The identifier of the request.
    pub request_id: Option<String>,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QueueConfig {
    /// Its kind.
    pub kind: QueueKind,
    /// Binding keys instead of the topics of the subscription, such as `symbol.#`.
    pub bindings: Vec<String>,
    /// The broker itself gives a message up after this many returns (quorum queues only).
    pub delivery_limit: u32,
    /// Arguments that are declared beside those of the kind; one of the same name replaces it.
    pub arguments: BTreeMap<String, QueueArgument>,
}

/// The kind of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum QueueKind {
    /// Replicated, counts deliveries, and passes on what it gives up at least once.
    #[default]
    Quorum,
    /// A durable classic queue without arguments: for queues that others declare so.
    Classic,
}

/// An argument of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum QueueArgument {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

impl RabbitmqConfig {
    /// The settings of a group's queue.
    pub(super) fn queue(&self, group: &str) -> &QueueConfig {
        self.queues.get(group).unwrap_or(&self.queue_defaults)
    }

    /// Where queues pass on what they give up.
    pub(super) fn dead_letter_exchange(&self) -> String {
        format!("{}.dlx", self.exchange)
    }
}

impl Default for RabbitmqConfig {
    fn default() -> Self {
        Self {
            exchange: DEFAULT_EXCHANGE.to_owned(),
            exchange_type: ExchangeType::default(),
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
