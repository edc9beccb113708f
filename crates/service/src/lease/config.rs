use std::time::Duration;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// With the default interval, another replica takes over from a dead holder within 15 s (WORK-2).
const DEFAULT_DURATION: Timeout = Timeout::from_secs(10);
/// Short enough to take over in time, long enough that many standbys cause little load.
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

    /// The delay until a failed renewal is retried: several retries fit into the lease's trusted
    /// time.
    pub(super) fn retry(&self) -> Duration {
        self.duration.get() / 15
    }

    /// By then the work has ended. A tenth of the lease is reserved for clock drift and for
    /// dropping the work.
    pub(super) fn trusted(&self) -> Duration {
        self.duration.get() * 9 / 10
    }
}
