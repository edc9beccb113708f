use std::num::NonZeroU64;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// Keeps messages apart from what else is in the same Redis.
const DEFAULT_PREFIX: &str = "messages:";
/// As long as a handler may take by default.
const DEFAULT_LEASE: Timeout = Timeout::from_secs(30);
/// A Redis that waits for its disk before it answers may take a while; publishing asks again within its own time.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(2);

/// Redis Streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RedisStreamsConfig {
    /// What stands before the names of all keys.
    pub prefix: String,
    /// How long a message belongs to a process that says nothing more of it.
    pub lease: Timeout,
    /// How long an answer may take, connecting included.
    pub timeout: Timeout,
    /// Approximate maximum messages of a topic. The oldest are removed, even if a group has not acknowledged them. Without it, only messages that all groups have acknowledged are removed.
    /// A topic without a group stores nothing in either case.
    pub max_length: Option<NonZeroU64>,
}

impl Default for RedisStreamsConfig {
    fn default() -> Self {
        Self {
            prefix: DEFAULT_PREFIX.to_owned(),
            lease: DEFAULT_LEASE,
            timeout: DEFAULT_TIMEOUT,
            max_length: None,
        }
    }
}
