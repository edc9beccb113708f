use std::num::NonZeroU64;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `prefix`, which separates messages from other keys in the same Redis.
const DEFAULT_PREFIX: &str = "messages:";
/// The default of `claim_ttl`, the default time limit of a handler.
const DEFAULT_CLAIM_TTL: Timeout = Timeout::from_secs(30);
/// The default of `timeout`. Redis may wait for its disk. Publishers retry longer.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(2);

/// Settings of Redis Streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RedisStreamsConfig {
    /// The prefix of all keys.
    pub prefix: String,
    /// How long a session may hold a message without extending it.
    pub claim_ttl: Timeout,
    /// The time limit of a call, including the connection.
    pub timeout: Timeout,
    /// The approximate maximum number of messages of a topic. The oldest are removed, even if a
    /// group has not acknowledged them. Without it, only messages that all groups have acknowledged
    /// are removed. A topic without a group stores nothing in either case.
    pub max_length: Option<NonZeroU64>,
}

impl Default for RedisStreamsConfig {
    fn default() -> Self {
        Self {
            prefix: DEFAULT_PREFIX.to_owned(),
            claim_ttl: DEFAULT_CLAIM_TTL,
            timeout: DEFAULT_TIMEOUT,
            max_length: None,
        }
    }
}
