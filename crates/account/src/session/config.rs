use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// Somebody who comes once a week stays logged in.
const DEFAULT_IDLE: Timeout = Timeout::from_secs(7 * 24 * 60 * 60);
/// Then the password is asked for again, however often somebody comes.
const DEFAULT_LIFETIME: Timeout = Timeout::from_secs(90 * 24 * 60 * 60);
/// Longer than two tabs that wake up together differ, shorter than a theft takes to be used.
const DEFAULT_OVERLAP: Timeout = Timeout::from_secs(10);
/// More than a person has devices; without a bound a script that logs in fills the table.
const DEFAULT_MOST: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// How long sessions last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionConfig {
    /// How long a session lasts that nobody refreshes.
    pub idle: Timeout,
    /// How long it lasts at most.
    pub lifetime: Timeout,
    /// How long after its exchange a refresh token is merely refused; after it, one that comes again ends its session.
    pub overlap: Timeout,
    /// How many sessions a user has at most; the one that was used longest ago makes room.
    pub most_per_user: NonZeroU32,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            idle: DEFAULT_IDLE,
            lifetime: DEFAULT_LIFETIME,
            overlap: DEFAULT_OVERLAP,
            most_per_user: DEFAULT_MOST,
        }
    }
}
