use std::{num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `account.max_failures`. Users mistype a password a few times.
const DEFAULT_MAX_FAILURES_OF_ACCOUNT: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// The default of `ip.max_failures`. The users of an office share one IP address.
const DEFAULT_MAX_FAILURES_OF_IP: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// The default of `initial_backoff`: short for a user, and long for a program that guesses.
const DEFAULT_INITIAL_BACKOFF: Timeout = Timeout::from_secs(1);
/// The default of `max_backoff`: about a hundred guesses a day. A locked-out owner waits this long.
const DEFAULT_MAX_BACKOFF: Timeout = Timeout::from_secs(15 * 60);
/// The default of `reset_after`: failures expire after a day.
const DEFAULT_RESET_AFTER: Timeout = Timeout::from_secs(24 * 60 * 60);
/// Maximum number of doublings of the backoff. More of them exceed every `max_backoff`.
const MAX_DOUBLINGS: u32 = 31;

/// Limits of failed logins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LockoutConfig {
    /// The limit of an account. It also applies to accounts that do not exist.
    pub account: LockoutLimit,
    /// The limit of an IPv4 address or an IPv6 /64 network.
    pub ip: LockoutLimit,
    /// The time after which failures expire.
    pub reset_after: Timeout,
}

/// How many attempts may fail, and how long further ones have to wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockoutLimit {
    /// The number of failures before an attempt has to wait.
    #[schemars(extend("x-unsafe" = [{
        "id": "AUTH-2",
        "above": 1_000,
        "why": "an attacker can guess many passwords before an attempt has to wait"
    }]))]
    pub max_failures: NonZeroU32,
    /// The first wait. It doubles with each failure.
    pub initial_backoff: Timeout,
    /// The maximum wait.
    pub max_backoff: Timeout,
}

impl Default for LockoutConfig {
    fn default() -> Self {
        let by = |max_failures| LockoutLimit {
            max_failures,
            initial_backoff: DEFAULT_INITIAL_BACKOFF,
            max_backoff: DEFAULT_MAX_BACKOFF,
        };
        Self {
            account: by(DEFAULT_MAX_FAILURES_OF_ACCOUNT),
            ip: by(DEFAULT_MAX_FAILURES_OF_IP),
            reset_after: DEFAULT_RESET_AFTER,
        }
    }
}

impl LockoutLimit {
    /// Returns how long the next attempt has to wait after this number of failures.
    pub(crate) fn backoff_after(&self, attempts: u32) -> Duration {
        let Some(beyond) = attempts.checked_sub(self.max_failures.get()) else {
            return Duration::ZERO;
        };
        let factor = 1_u32 << beyond.min(MAX_DOUBLINGS);
        let wait = self.initial_backoff.get().saturating_mul(factor);
        wait.min(self.max_backoff.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_doubles_up_to_its_maximum_auth_2() {
        let limit = LockoutConfig::default().account;
        let seconds = |attempts| limit.backoff_after(attempts).as_secs();
        assert_eq!(
            [4, 5, 6, 7, 14, 15, 1_000].map(seconds),
            [0, 1, 2, 4, 512, 900, 900]
        );
    }
}
