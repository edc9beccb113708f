use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The default of `max_lifetime_days`. An unused key expires after a year.
const DEFAULT_MAX_LIFETIME_DAYS: NonZeroU32 = NonZeroU32::new(365).unwrap();
/// The default of `max_per_user`. Few users have more programs.
const DEFAULT_MAX_PER_USER: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// Settings of API keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApiKeysConfig {
    /// The maximum lifetime of a key in days.
    pub max_lifetime_days: NonZeroU32,
    /// The maximum number of valid keys of a user.
    pub max_per_user: NonZeroU32,
}

impl Default for ApiKeysConfig {
    fn default() -> Self {
        Self {
            max_lifetime_days: DEFAULT_MAX_LIFETIME_DAYS,
            max_per_user: DEFAULT_MAX_PER_USER,
        }
    }
}
