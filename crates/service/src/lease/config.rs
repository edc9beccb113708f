use std::time::Duration;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `duration`: a replica takes over from a crashed holder within 15 s (WORK-2).
const DEFAULT_DURATION: Timeout = Timeout::from_secs(10);
/// The default of `poll_interval`: many standbys cause little load, and take over in time.
const DEFAULT_POLL_INTERVAL: Timeout = Timeout::from_secs(2);

/// The duration of a lease and the interval of standbys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeaseConfig {
    /// How long a lease lasts without renewal. The holder renews it three times in that time.
    pub duration: Timeout,
    /// Interval between two attempts of a standby, plus a random fifth.
    pub poll_interval: Timeout,
}

impl Default for LeaseConfig {
    fn default() -> Self {
        Self {
            duration: DEFAULT_DURATION,
            poll_interval: DEFAULT_POLL_INTERVAL,
        }
    }
}

impl LeaseConfig {
    pub(super) fn renewal(&self) -> Duration {
        self.duration.get() / 3
    }

    /// Returns the delay until a failed renewal is retried: several retries fit into the trusted
    /// time of the lease.
    pub(super) fn retry(&self) -> Duration {
        self.duration.get() / 15
    }

    /// Returns how long the holder trusts a lease. A tenth is reserved for clock drift and for
    /// dropping the work.
    pub(super) fn trusted(&self) -> Duration {
        self.duration.get() * 9 / 10
    }
}
