use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{Backoff, Timeout};
use serde::{Deserialize, Serialize};

use super::budget::RetryBudgetConfig;

/// Two more tries: what three do not reach, a fourth seldom does (AWS SDKs and the SRE book agree).
const DEFAULT_MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(3).unwrap();
/// A hiccup is over after about this.
const DEFAULT_INITIAL_BACKOFF: Timeout = Timeout::from_millis(100);
/// A caller that waits for an answer does not wait longer than this between two tries.
const DEFAULT_MAX_BACKOFF: Timeout = Timeout::from_secs(5);
/// Advice to wait longer is passed on to the caller instead of waited for.
const DEFAULT_MAXIMUM_RETRY_AFTER: Timeout = Timeout::from_secs(5);

/// When and how often a call is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryConfig {
    /// Attempts in all, the first included; 1 never tries again.
    pub max_attempts: NonZeroU32,
    /// The bound of the first wait; it doubles with each attempt, and the wait is chosen anywhere below it.
    pub initial_backoff: Timeout,
    /// The longest wait.
    pub max_backoff: Timeout,
    /// The longest `Retry-After` that is obeyed; a longer one ends the retrying.
    pub max_retry_after: Timeout,
    /// How many retries are allowed beside the calls themselves.
    pub budget: RetryBudgetConfig,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            initial_backoff: DEFAULT_INITIAL_BACKOFF,
            max_backoff: DEFAULT_MAX_BACKOFF,
            max_retry_after: DEFAULT_MAXIMUM_RETRY_AFTER,
            budget: RetryBudgetConfig::default(),
        }
    }
}

impl RetryConfig {
    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.initial_backoff, self.max_backoff)
    }
}
