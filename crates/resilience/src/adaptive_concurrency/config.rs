use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// A fresh service is neither choked nor flooded; the limit doubles from here as long as latency stays flat.
const DEFAULT_INITIAL: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// One request that hangs must not be all that is admitted.
const DEFAULT_MINIMUM: NonZeroU32 = NonZeroU32::new(2).unwrap();
/// Memory for as many requests of a megabyte each is still bearable.
const DEFAULT_MAXIMUM: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
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
    pub initial: NonZeroU32,
    /// The lowest limit.
    pub minimum: NonZeroU32,
    /// The highest limit.
    pub maximum: NonZeroU32,
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
            initial: DEFAULT_INITIAL,
            minimum: DEFAULT_MINIMUM,
            maximum: DEFAULT_MAXIMUM,
            window: DEFAULT_WINDOW,
            samples: DEFAULT_SAMPLES,
            probe_interval: DEFAULT_PROBE_INTERVAL,
        }
    }
}
