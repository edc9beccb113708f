use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `max_limit`: 1,000 requests per second of one second each, by Little's law.
const DEFAULT_MAX_LIMIT: NonZeroU32 = NonZeroU32::new(1_024).unwrap();
/// The default of `max_queue_delay`: admits a short burst, and is short for the clients' timeouts.
const DEFAULT_MAX_QUEUE_DELAY: Timeout = Timeout::from_millis(50);

/// Settings of an adaptive concurrency limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveConcurrencyConfig {
    /// Maximum number of requests in flight, which is also the limit at the start.
    pub max_limit: NonZeroU32,
    /// How much longer than without a queue a request may take before the limit falls.
    pub max_queue_delay: Timeout,
}

impl Default for AdaptiveConcurrencyConfig {
    fn default() -> Self {
        Self {
            max_limit: DEFAULT_MAX_LIMIT,
            max_queue_delay: DEFAULT_MAX_QUEUE_DELAY,
        }
    }
}
