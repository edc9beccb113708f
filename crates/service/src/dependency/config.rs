use schemars::JsonSchema;
use seaworthy_core::{Backoff, Timeout};
use serde::{Deserialize, Serialize};

/// LIFE-2: a server that is just restarting is back within a few of these.
const DEFAULT_INITIAL: Timeout = Timeout::from_millis(100);
/// LIFE-2: often enough to be back soon, rare enough not to hinder a server that recovers.
const DEFAULT_CAP: Timeout = Timeout::from_secs(10);
/// LIFE-2: within an orchestrator's usual patience; after it a restart is the better retry.
const DEFAULT_TOTAL: Timeout = Timeout::from_secs(60);
/// A server that takes longer to say hello is not serving.
const DEFAULT_ATTEMPT: Timeout = Timeout::from_secs(5);
/// Half of the second within which the return of a dependency should be noticed.
const DEFAULT_KNOCK: Timeout = Timeout::from_millis(500);

/// How the start waits for dependencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectConfig {
    /// The bound of the first pause between two attempts; it doubles with each attempt.
    pub initial: Timeout,
    /// The longest pause between two attempts.
    pub cap: Timeout,
    /// How long to go on before the start fails.
    pub total: Timeout,
    /// How long one attempt may take.
    pub attempt: Timeout,
    /// How often to look, during a pause, whether a silent address has begun to answer.
    pub knock: Timeout,
}

impl Default for ConnectConfig {
    fn default() -> Self {
        Self {
            initial: DEFAULT_INITIAL,
            cap: DEFAULT_CAP,
            total: DEFAULT_TOTAL,
            attempt: DEFAULT_ATTEMPT,
            knock: DEFAULT_KNOCK,
        }
    }
}

impl ConnectConfig {
    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.initial, self.cap)
    }
}
