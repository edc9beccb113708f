use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use crate::LockoutLimit;

/// People mistype a code, or type that of another application.
const FREE: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// The next code of the application comes later anyway.
const FIRST_PAUSE: Timeout = Timeout::from_secs(1);
/// 24 guesses a day, each right by three in a million: one chance in forty within a year, for whoever knows the password and is not noticed. No single wait is longer; who goes on guessing keeps the owner out too, until the password is another one.
const LONGEST_PAUSE: Timeout = Timeout::from_secs(60 * 60);

/// How second factors are guarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecondFactorConfig {
    /// When a user waits of whom codes were wrong. Only a right one ends the count.
    pub wrong_codes: LockoutLimit,
}

impl Default for SecondFactorConfig {
    fn default() -> Self {
        Self {
            wrong_codes: LockoutLimit {
                max_failures: FREE,
                initial_backoff: FIRST_PAUSE,
                max_backoff: LONGEST_PAUSE,
            },
        }
    }
}
