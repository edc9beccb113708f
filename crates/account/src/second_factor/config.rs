use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use crate::LockoutLimit;

/// The default of `max_failures`. Users mistype a code, or type the code of another account.
const DEFAULT_MAX_FAILURES: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// The default of `initial_backoff`. A user waits up to 30 s for the next code anyway.
const DEFAULT_INITIAL_BACKOFF: Timeout = Timeout::from_secs(1);
/// The default of `max_backoff`: 24 guesses a day. An attacker with the password finds a code
/// within a year with a probability of 1 in 40.
const DEFAULT_MAX_BACKOFF: Timeout = Timeout::from_secs(60 * 60);

/// Limits of second factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecondFactorConfig {
    /// The limit of wrong codes. Only a correct code resets the count.
    pub wrong_codes: LockoutLimit,
}

impl Default for SecondFactorConfig {
    fn default() -> Self {
        Self {
            wrong_codes: LockoutLimit {
                max_failures: DEFAULT_MAX_FAILURES,
                initial_backoff: DEFAULT_INITIAL_BACKOFF,
                max_backoff: DEFAULT_MAX_BACKOFF,
            },
        }
    }
}
