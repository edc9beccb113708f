use std::{num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// People mistype a password a few times.
const FREE_BY_ACCOUNT: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// An office behind one address mistypes more often.
const FREE_BY_ADDRESS: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// Hardly felt by a person, already 17 times slower than without for a program.
const FIRST_PAUSE: Timeout = Timeout::from_secs(1);
/// Some hundred guesses a day; an owner who is kept out waits no longer than this.
const LONGEST_PAUSE: Timeout = Timeout::from_secs(15 * 60);
/// A bad day is over the next one.
const FORGET: Timeout = Timeout::from_secs(24 * 60 * 60);
/// Doubling further passes every longest pause.
const MOST_DOUBLINGS: u32 = 31;

/// When failed logins have to wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LockoutConfig {
    /// By account, known or not.
    pub account: LockoutLimit,
    /// By address.
    pub ip: LockoutLimit,
    /// After this time without an attempt nothing is known of it.
    pub reset_after: Timeout,
}

/// How many attempts may fail, and how long the next ones wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockoutLimit {
    /// How many attempts may fail before the next one waits.
    pub max_failures: NonZeroU32,
    /// The first wait; it doubles with each attempt.
    pub initial_backoff: Timeout,
    /// The longest wait.
    pub max_backoff: Timeout,
}

impl Default for LockoutConfig {
    fn default() -> Self {
        let by = |max_failures| LockoutLimit {
            max_failures,
            initial_backoff: FIRST_PAUSE,
            max_backoff: LONGEST_PAUSE,
        };
        Self {
            account: by(FREE_BY_ACCOUNT),
            ip: by(FREE_BY_ADDRESS),
            reset_after: FORGET,
        }
    }
}

impl LockoutLimit {
    /// How long the attempt after this many waits.
    pub(crate) fn backoff_after(&self, attempts: u32) -> Duration {
        let Some(beyond) = attempts.checked_sub(self.max_failures.get()) else {
            return Duration::ZERO;
        };
        let factor = 1_u32 << beyond.min(MOST_DOUBLINGS);
        let pause = self.initial_backoff.get().saturating_mul(factor);
        pause.min(self.max_backoff.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_bound_auth_2() {
        let limit = LockoutConfig::default().account;
        let seconds = |attempts| limit.backoff_after(attempts).as_secs();
        assert_eq!(
            [4, 5, 6, 7, 14, 15, 1_000].map(seconds),
            [0, 1, 2, 4, 512, 900, 900]
        );
    }
}
