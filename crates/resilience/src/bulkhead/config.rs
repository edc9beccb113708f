use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Delay;
use serde::{Deserialize, Serialize};

/// Plenty for one dependency at 20 ms a call (3,200 a second), and few enough that a stuck one holds little.
const DEFAULT_MAXIMUM_CALLS: NonZeroU32 = NonZeroU32::new(64).unwrap();
/// As many may wait as may run: more would wait longer than they gain.
const DEFAULT_MAXIMUM_WAITING: u32 = 64;
/// A short burst is smoothed; a lasting one is refused at once.
const DEFAULT_MAXIMUM_WAIT: Delay = Delay::from_millis(20);

/// How many calls of one dependency run and wait at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BulkheadConfig {
    /// Calls that run at once.
    pub max_concurrent_calls: NonZeroU32,
    /// Calls that wait at once for a place.
    pub max_waiting_calls: u32,
    /// How long a call waits for a place; zero refuses at once.
    pub max_wait: Delay,
}

impl Default for BulkheadConfig {
    fn default() -> Self {
        Self {
            max_concurrent_calls: DEFAULT_MAXIMUM_CALLS,
            max_waiting_calls: DEFAULT_MAXIMUM_WAITING,
            max_wait: DEFAULT_MAXIMUM_WAIT,
        }
    }
}
