use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// A fresh service is neither choked nor flooded; the limit doubles from here as long as latency stays flat.
const DEFAULT_INITIAL_LIMIT: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// One request that hangs must not be all that is admitted.
const DEFAULT_MIN_LIMIT: NonZeroU32 = NonZeroU32::new(2).unwrap();
/// Memory for as many requests of a megabyte each is still bearable.
const DEFAULT_MAX_LIMIT: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// Ten adjustments a second follow a change within a second.
const DEFAULT_WINDOW: Timeout = Timeout::from_millis(100);
/// The mean of ten is steady enough to judge by.
const DEFAULT_SAMPLES: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Measuring the base costs about half of the capacity for a twentieth of a second: one or two percent of it at this interval.
const DEFAULT_PROBE_INTERVAL: Timeout = Timeout::from_secs(2);

/// How the limit on concurrent requests adapts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveConcurrencyConfig {
    /// The limit at the start.
    pub initial_limit: NonZeroU32,
    /// The lowest limit.
    pub min_limit: NonZeroU32,
    /// The highest limit.
    pub max_limit: NonZeroU32,
    /// How often the limit is adjusted, at most.
    pub window: Timeout,
    /// Requests that must have ended before an adjustment.
    pub samples: NonZeroU32,
    /// How often the latency without a queue is measured while requests are at the limit.
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
