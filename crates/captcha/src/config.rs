use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// Long enough to find a message on a telephone.
const TTL: Timeout = Timeout::from_secs(5 * 60);
/// An attacker guesses 6 digits with a probability of 1 in 200,000 per captcha.
const MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// If a message is late, a user requests it again once or twice.
const MAX_PER_TARGET: NonZeroU32 = NonZeroU32::new(3).unwrap();

/// Settings of captchas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CaptchaConfig {
    /// How long a captcha is valid.
    pub ttl: Timeout,
    /// The number of answers after which a captcha is invalid.
    pub max_attempts: NonZeroU32,
    /// The number of codes that are sent to one address within `ttl`.
    pub max_per_target: NonZeroU32,
}

impl Default for CaptchaConfig {
    fn default() -> Self {
        Self {
            ttl: TTL,
            max_attempts: MAX_ATTEMPTS,
            max_per_target: MAX_PER_TARGET,
        }
    }
}
