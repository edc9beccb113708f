use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{Backoff, Timeout};
use serde::{Deserialize, Serialize};

use super::budget::RetryBudgetConfig;

/// The default of `max_attempts`, as in the AWS SDKs and the SRE book. A fourth seldom succeeds.
const DEFAULT_MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(3).unwrap();
/// The default of `initial_backoff`: the duration of most transient failures.
const DEFAULT_INITIAL_BACKOFF: Timeout = Timeout::from_millis(100);
/// The default of `max_backoff`. A caller does not wait longer between two attempts.
const DEFAULT_MAX_BACKOFF: Timeout = Timeout::from_secs(5);
/// The default of `max_retry_after`. A longer `Retry-After` is returned to the caller.
const DEFAULT_MAX_RETRY_AFTER: Timeout = Timeout::from_secs(5);

/// Settings of retries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryConfig {
    /// Maximum number of attempts, including the first. 1 disables retries.
    pub max_attempts: NonZeroU32,
    /// Upper bound of the first delay. It doubles per attempt, and the delay is random below it.
    pub initial_backoff: Timeout,
    /// Maximum delay.
    pub max_backoff: Timeout,
    /// Maximum `Retry-After` that is honored. A longer one ends the retries.
    pub max_retry_after: Timeout,
    /// Budget of retries.
    pub budget: RetryBudgetConfig,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            initial_backoff: DEFAULT_INITIAL_BACKOFF,
            max_backoff: DEFAULT_MAX_BACKOFF,
            max_retry_after: DEFAULT_MAX_RETRY_AFTER,
            budget: RetryBudgetConfig::default(),
        }
    }
}

impl RetryConfig {
    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.initial_backoff, self.max_backoff)
    }
}
