use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Delay;
use serde::{Deserialize, Serialize};

use super::SessionLifetime;

/// The default of `idle_timeout`. A user who returns once a week stays logged in.
const DEFAULT_IDLE_TIMEOUT: SessionLifetime = SessionLifetime::from_days(7);
/// The default of `absolute_timeout`, after which a stolen device loses access.
const DEFAULT_ABSOLUTE_TIMEOUT: SessionLifetime = SessionLifetime::from_days(90);
/// The default of `rotation_grace_period`: longer than the time between two tabs that refresh, and
/// too short for an attacker.
const DEFAULT_ROTATION_GRACE_PERIOD: Delay = Delay::from_secs(10);
/// The default of `max_per_user`. Few users have more devices, and scripts cannot fill the table.
const DEFAULT_MAX_PER_USER: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// How long sessions last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionConfig {
    /// How long a session lasts without a refresh. It is also the lifetime of the cookie.
    pub idle_timeout: SessionLifetime,
    /// The maximum lifetime of a session, however often it is refreshed. It is also how long a
    /// device stays known.
    pub absolute_timeout: SessionLifetime,
    /// How long after its rotation an old refresh token is only rejected. Later use of an old token
    /// revokes its session, because the token may be stolen. Zero: every use of an old token
    /// revokes its session, also one of two concurrent uses.
    pub rotation_grace_period: Delay,
    /// The maximum number of sessions of a user. A new one revokes the session that was used least
    /// recently.
    pub max_per_user: NonZeroU32,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            absolute_timeout: DEFAULT_ABSOLUTE_TIMEOUT,
            rotation_grace_period: DEFAULT_ROTATION_GRACE_PERIOD,
            max_per_user: DEFAULT_MAX_PER_USER,
        }
    }
}
