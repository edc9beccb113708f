use schemars::JsonSchema;
use seaworthy_core::{Backoff, Timeout};
use serde::{Deserialize, Serialize};

/// The default of `initial_backoff`. A restarting server responds after a few of these (LIFE-2).
const DEFAULT_INITIAL_BACKOFF: Timeout = Timeout::from_millis(100);
/// The default of `max_backoff`: notices a recovery soon, and does not hinder it (LIFE-2).
const DEFAULT_MAX_BACKOFF: Timeout = Timeout::from_secs(10);
/// The default of `total_timeout`. Orchestrators wait about as long before a restart (LIFE-2).
const DEFAULT_TOTAL_TIMEOUT: Timeout = Timeout::from_secs(60);
/// The default of `attempt_timeout`. A server that accepts a connection later cannot serve.
const DEFAULT_ATTEMPT_TIMEOUT: Timeout = Timeout::from_secs(5);
/// The default of `probe_interval`: half of the second in which a start must notice a recovery.
const DEFAULT_PROBE_INTERVAL: Timeout = Timeout::from_millis(500);

/// How the start waits for dependencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectConfig {
    /// Upper bound of the backoff after the first failed attempt. It doubles with each attempt, and
    /// the backoff is random below it.
    pub initial_backoff: Timeout,
    /// Maximum backoff between two attempts.
    pub max_backoff: Timeout,
    /// Time limit for all attempts together. After it, startup fails.
    pub total_timeout: Timeout,
    /// Time limit for one attempt.
    pub attempt_timeout: Timeout,
    /// How often a backoff probes whether an address that did not respond accepts connections
    /// again.
    pub probe_interval: Timeout,
}

impl Default for ConnectConfig {
    fn default() -> Self {
        Self {
            initial_backoff: DEFAULT_INITIAL_BACKOFF,
            max_backoff: DEFAULT_MAX_BACKOFF,
            total_timeout: DEFAULT_TOTAL_TIMEOUT,
            attempt_timeout: DEFAULT_ATTEMPT_TIMEOUT,
            probe_interval: DEFAULT_PROBE_INTERVAL,
        }
    }
}

impl ConnectConfig {
    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.initial_backoff, self.max_backoff)
    }
}
