use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{Backoff, Timeout};
use serde::{Deserialize, Serialize};

use super::budget::RetryBudgetConfig;

/// Two more tries: what three do not reach, a fourth seldom does (AWS SDKs and the SRE book agree).
const DEFAULT_ATTEMPTS: NonZeroU32 = NonZeroU32::new(3).unwrap();
/// A hiccup is over after about this.
const DEFAULT_INITIAL: Timeout = Timeout::from_millis(100);
/// A caller that waits for an answer does not wait longer than this between two tries.
const DEFAULT_CAP: Timeout = Timeout::from_secs(5);
/// Advice to wait longer is passed on to the caller instead of waited for.
const DEFAULT_MAXIMUM_RETRY_AFTER: Timeout = Timeout::from_secs(5);

/// When and how often a call is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryConfig {
    /// Attempts in all, the first included; 1 never tries again.
    pub attempts: NonZeroU32,
    /// The bound of the first wait; it doubles with each attempt, and the wait is chosen anywhere below it.
    pub initial: Timeout,
    /// The longest wait.
    pub cap: Timeout,
    /// The longest `Retry-After` that is obeyed; a longer one ends the retrying.
    pub maximum_retry_after: Timeout,
    /// How many retries are allowed beside the calls themselves.
    pub budget: RetryBudgetConfig,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            attempts: DEFAULT_ATTEMPTS,
            initial: DEFAULT_INITIAL,
            cap: DEFAULT_CAP,
            maximum_retry_after: DEFAULT_MAXIMUM_RETRY_AFTER,
            budget: RetryBudgetConfig::default(),
        }
    }
}

impl RetryConfig {
    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.initial, self.cap)
    }
}
