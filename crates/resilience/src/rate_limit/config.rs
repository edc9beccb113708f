use std::{num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `requests` (RES-6): with the window of 2 s, 100 per second and 200 at once.
const DEFAULT_REQUESTS: NonZeroU32 = NonZeroU32::new(200).unwrap();
const DEFAULT_WINDOW: Timeout = Timeout::from_secs(2);
/// The default of `max_keys`. 100,000 keys need about 10 MB. Further keys share one limit.
const DEFAULT_MAX_KEYS: NonZeroU32 = NonZeroU32::new(100_000).unwrap();

/// Settings of a rate limit per key.
///
/// ```
/// use seaworthy_core::Timeout;
/// use seaworthy_resilience::rate_limit::RateLimitConfig;
///
/// let config = RateLimitConfig {
///     window: Timeout::from_secs(60),
///     ..RateLimitConfig::default()
/// };
/// assert_eq!(config.requests.get(), 200);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimitConfig {
    /// Requests per window, which is also the maximum burst by default.
    pub requests: NonZeroU32,
    /// Window. The long-term rate is `requests / window`.
    pub window: Timeout,
    /// The maximum burst. Not set: `requests`.
    pub burst: Option<NonZeroU32>,
    /// Maximum number of keys in memory. Further keys share one limit.
    pub max_keys: NonZeroU32,
}

impl Default for RateLimitConfig {
    fn default() -> Self {
        Self {
            requests: DEFAULT_REQUESTS,
            window: DEFAULT_WINDOW,
            burst: None,
            max_keys: DEFAULT_MAX_KEYS,
        }
    }
}

impl RateLimitConfig {
    /// Returns the maximum number of requests at one moment.
    #[must_use]
    pub fn quota(&self) -> NonZeroU32 {
        self.burst.unwrap_or(self.requests)
    }

    /// Returns the time in which an exhausted quota is available again.
    pub(super) fn quota_window(&self) -> Duration {
        let window = self.window.get();
        match self.burst {
            Some(burst) => window.saturating_mul(burst.get()) / self.requests.get(),
            None => window,
        }
    }

    /// Returns the time per request in nanoseconds, at least 1.
    pub(super) fn interval(&self) -> u64 {
        nanoseconds(self.window.get() / self.requests.get()).max(1)
    }

    /// Returns the time of a burst in nanoseconds.
    pub(super) fn tolerance(&self) -> u64 {
        self.interval()
            .saturating_mul(u64::from(self.quota().get()))
    }
}

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
