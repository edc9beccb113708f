use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use super::super::{OnStoreFailure, config::RateLimitConfig};

/// DATA-5: a Redis that takes longer is as good as down for a decision about a request.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_millis(200);
/// Tells apart the limits of different services in one Redis.
const DEFAULT_PREFIX: &str = "rate_limit";
/// With four processes, at most 80 units are out at once: two fifths of the default limit, so leases are for limits of thousands.
const DEFAULT_LEASE_UNITS: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// A rate limit that processes share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SharedRateLimitConfig {
    /// How many requests one key may send, over all processes.
    pub limit: RateLimitConfig,
    /// How long Redis may take.
    pub timeout: Timeout,
    /// What the keys in Redis begin with.
    pub prefix: String,
    /// What happens when Redis cannot be asked.
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

/// How a process borrows.
///
/// A lease is counted when it is taken and used up to a twentieth of the window later, so a window can see at most `units` more for each process than the limit:
/// choose `units` at or below a twentieth of the limit over the number of processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeaseConfig {
    /// Units that are borrowed at a time.
    pub units: NonZeroU32,
}

impl Default for LeaseConfig {
    fn default() -> Self {
        Self {
            units: DEFAULT_LEASE_UNITS,
        }
    }
}
