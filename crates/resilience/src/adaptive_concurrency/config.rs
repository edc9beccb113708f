use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// Suits a new service. The limit grows quickly while latency does not change.
const DEFAULT_INITIAL_LIMIT: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// One stuck request must not block all others.
const DEFAULT_MIN_LIMIT: NonZeroU32 = NonZeroU32::new(2).unwrap();
/// A thousand requests of one megabyte fit into memory.
const DEFAULT_MAX_LIMIT: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// Ten adjustments per second follow a change within a second.
const DEFAULT_WINDOW: Timeout = Timeout::from_millis(100);
/// The mean of ten samples is stable enough.
const DEFAULT_SAMPLES: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// A measurement halves the limit for about 50 ms, which costs 1 to 2 % of the capacity.
const DEFAULT_PROBE_INTERVAL: Timeout = Timeout::from_secs(2);

/// Settings of an adaptive concurrency limit. `min_limit` and `max_limit` suffice in most cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveConcurrencyConfig {
    /// Limit at the start.
    pub initial_limit: NonZeroU32,
    /// Minimum limit.
    pub min_limit: NonZeroU32,
    /// Maximum limit.
    pub max_limit: NonZeroU32,
    /// Minimum time between two adjustments.
    pub window: Timeout,
    /// Minimum number of finished requests before an adjustment.
    pub samples: NonZeroU32,
    /// Interval at which the latency without a queue is measured while requests are rejected.
    pub probe_interval: Timeout,
}

impl Default for AdaptiveConcurrencyConfig {
    fn default() -> Self {
        Self {
            initial_limit: DEFAULT_INITIAL_LIMIT,
            min_limit: DEFAULT_MIN_LIMIT,
            max_limit: DEFAULT_MAX_LIMIT,
            window: DEFAULT_WINDOW,
            samples: DEFAULT_SAMPLES,
            probe_interval: DEFAULT_PROBE_INTERVAL,
        }
    }
}
