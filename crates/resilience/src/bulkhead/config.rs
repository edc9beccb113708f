use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Delay;
use serde::{Deserialize, Serialize};

/// The default of `max_concurrent_calls`: 3,200 calls per second at 20 ms each, and a stuck
/// dependency blocks few resources.
const DEFAULT_MAX_CONCURRENT_CALLS: NonZeroU32 = NonZeroU32::new(64).unwrap();
/// The default of `max_waiting_calls`, as many as may run. More would wait for too long.
const DEFAULT_MAX_WAITING_CALLS: u32 = 64;
/// The default of `max_wait`: smooths a short burst, and rejects a lasting overload soon.
const DEFAULT_MAX_WAIT: Delay = Delay::from_millis(20);

/// Settings of a bulkhead, which bounds the concurrent calls of a dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BulkheadConfig {
    /// Maximum number of concurrent calls.
    pub max_concurrent_calls: NonZeroU32,
    /// Maximum number of waiting calls.
    pub max_waiting_calls: u32,
    /// Maximum time that a call waits. Zero rejects it immediately.
    pub max_wait: Delay,
}

impl Default for BulkheadConfig {
    fn default() -> Self {
        Self {
            max_concurrent_calls: DEFAULT_MAX_CONCURRENT_CALLS,
            max_waiting_calls: DEFAULT_MAX_WAITING_CALLS,
            max_wait: DEFAULT_MAX_WAIT,
        }
    }
}
