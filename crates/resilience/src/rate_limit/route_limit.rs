use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use super::RateLimitConfig;

/// A number of requests per window.
///
/// ```
/// use seaworthy_core::Timeout;
/// use seaworthy_resilience::rate_limit::RouteLimit;
///
/// const LOGIN: RouteLimit = RouteLimit::new(5, Timeout::from_secs(60));
/// assert_eq!(LOGIN.to_config().requests.get(), 5);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteLimit {
    /// The maximum number of requests in one window. All of them may come at the same moment.
    pub requests: NonZeroU32,
    /// The window.
    pub window: Timeout,
}

impl RouteLimit {
    /// Creates a limit. 0 requests count as 1.
    #[must_use]
    pub const fn new(requests: u32, window: Timeout) -> Self {
        Self {
            requests: NonZeroU32::MIN.saturating_add(requests.saturating_sub(1)),
            window,
        }
    }

    /// Returns the settings of a limit per key.
    #[must_use]
    pub fn to_config(&self) -> RateLimitConfig {
        RateLimitConfig {
            requests: self.requests,
            window: self.window,
            ..RateLimitConfig::default()
        }
    }
}
