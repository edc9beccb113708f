use std::time::Duration;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// With the pause below, a dead holder's work moves within 15 s (WORK-2).
const DEFAULT_DURATION: Timeout = Timeout::from_secs(10);
/// Often enough to move in time, seldom enough that a fleet of standbys is no load.
const DEFAULT_PAUSE: Timeout = Timeout::from_secs(2);

/// How long a lease lasts without its holder, and how often others ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeaseConfig {
    /// How long a lease lasts that nobody renews. It is renewed three times in that time.
    pub duration: Timeout,
    /// How long a standby waits between two attempts; each wait is up to a fifth longer, at random.
    pub pause: Timeout,
}

impl Default for LeaseConfig {
    fn default() -> Self {
        Self {
            duration: DEFAULT_DURATION,
            pause: DEFAULT_PAUSE,
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

    /// By then the work has ended: a tenth of the lease is kept for the difference of two clocks' speeds and for the time that dropping the work takes.
    pub(super) fn trusted(&self) -> Duration {
        self.duration.get() * 9 / 10
    }
}
