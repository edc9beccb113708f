use std::{num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// RES-6: with a window of two seconds, a hundred a second and two hundred at once.
const DEFAULT_REQUESTS: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// See above.
const DEFAULT_WINDOW: Timeout = Timeout::from_secs(2);
/// A hundred thousand callers at once need about 10 MB; more share one limit.
const DEFAULT_MAXIMUM_KEYS: NonZeroU32 = NonZeroU32::new(100_000).unwrap();

/// How many requests one key may send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimitConfig {
    /// Requests in one window; as many may come at once after a quiet time.
    pub requests: NonZeroU32,
    /// The window: `requests / window` is the rate in the long run.
    pub window: Timeout,
    /// How many keys are told apart at once in this process; it bounds memory.
    pub max_keys: NonZeroU32,
}

impl Default for RateLimitConfig {
    fn default() -> Self {
        Self {
            requests: DEFAULT_REQUESTS,
            window: DEFAULT_WINDOW,
            max_keys: DEFAULT_MAXIMUM_KEYS,
        }
    }
}

impl RateLimitConfig {
    /// The time in which one request becomes free again, at least a nanosecond.
    pub(super) fn interval(&self) -> u64 {
        nanoseconds(self.window.get() / self.requests.get()).max(1)
    }

    /// The burst as time.
    pub(super) fn tolerance(&self) -> u64 {
        self.interval()
            .saturating_mul(u64::from(self.requests.get()))
    }
}

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
