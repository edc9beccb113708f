//! The defaults of sessions and locks, which all accounts of the platform share.

use std::num::NonZeroU32;

use seaworthy::{
    account::{LockoutConfig, LockoutLimit, SessionConfig, SessionLifetime},
    prelude::*,
};

const MINUTE: u32 = 60;
/// The default of `idle_timeout`. A user who returns once a month stays logged in.
const DEFAULT_IDLE_TIMEOUT: SessionLifetime = SessionLifetime::from_days(30);
/// A refresh token is valid once. The refresh lock rejects a concurrent second use.
const DEFAULT_ROTATION_GRACE_PERIOD: Delay = Delay::from_millis(1);
/// The default number of sessions per user: the devices of a person.
const DEFAULT_MAX_SESSIONS: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// The default number of failed logins that lock an account.
const DEFAULT_MAX_FAILURES: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// The default window in which failures are counted.
const DEFAULT_FAILURE_WINDOW: Timeout = Timeout::from_secs(15 * MINUTE);
/// The default duration of a lock. With five attempts, it allows 240 guesses a day.
const DEFAULT_LOCK_DURATION: Timeout = Timeout::from_secs(30 * MINUTE);

/// Returns the default settings of sessions. A further login above their maximum number ends the
/// oldest one.
#[must_use]
pub fn default_sessions() -> SessionConfig {
    SessionConfig {
        idle_timeout: DEFAULT_IDLE_TIMEOUT,
        rotation_grace_period: DEFAULT_ROTATION_GRACE_PERIOD,
        max_per_user: DEFAULT_MAX_SESSIONS,
        ..SessionConfig::default()
    }
}

/// Returns the default locks after failed logins, with a maximum number of failures of one IP
/// address.
#[must_use]
pub const fn default_lockout(max_failures_of_ip: NonZeroU32) -> LockoutConfig {
    LockoutConfig {
        account: limit(DEFAULT_MAX_FAILURES),
        ip: limit(max_failures_of_ip),
        reset_after: DEFAULT_FAILURE_WINDOW,
    }
}

const fn limit(max_failures: NonZeroU32) -> LockoutLimit {
    LockoutLimit {
        max_failures,
        initial_backoff: DEFAULT_LOCK_DURATION,
        max_backoff: DEFAULT_LOCK_DURATION,
    }
}
