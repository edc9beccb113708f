use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use super::super::{OnStoreFailure, config::RateLimitConfig};

/// The default of `timeout` (DATA-5). A slower Redis counts as unavailable.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_millis(200);
/// The default of `prefix`, which separates the limits of different services in one Redis.
const DEFAULT_PREFIX: &str = "rate_limit";
/// The default of `units`. With four processes, leases hold at most 80 units.
const DEFAULT_LEASE_UNITS: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// Settings of a rate limit that processes share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SharedRateLimitConfig {
    /// Limit per key over all processes.
    pub limit: RateLimitConfig,
    /// Maximum time of a Redis command.
    pub timeout: Timeout,
    /// Prefix of the keys in Redis.
    pub prefix: String,
    /// Decision while Redis is unavailable.
    pub on_failure: OnStoreFailure,
}

impl Default for SharedRateLimitConfig {
    fn default() -> Self {
        Self {
            limit: RateLimitConfig::default(),
            timeout: DEFAULT_TIMEOUT,
            prefix: DEFAULT_PREFIX.to_owned(),
            on_failure: OnStoreFailure::default(),
        }
    }
}

/// Settings of leases of a shared rate limit.
///
/// A lease counts when it is taken, and the process uses it up to a twentieth of the window later.
/// A window can therefore exceed the limit by `units` per process. Use at most a twentieth of the
/// limit divided by the number of processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeasedRateLimitConfig {
    /// Units per lease.
    pub units: NonZeroU32,
}

impl Default for LeasedRateLimitConfig {
    fn default() -> Self {
        Self {
            units: DEFAULT_LEASE_UNITS,
        }
    }
}
