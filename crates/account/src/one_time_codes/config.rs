use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout};
use serde::{Deserialize, Serialize};

const MINUTE: u32 = 60;
/// The default of `email_ttl`. A message takes minutes through some mail servers.
const DEFAULT_EMAIL_TTL: Timeout = Timeout::from_secs(10 * MINUTE);
/// The default of `phone_ttl`. Messages to telephones arrive within seconds.
const DEFAULT_PHONE_TTL: Timeout = Timeout::from_secs(5 * MINUTE);
/// The default of `max_attempts`. They succeed once in 200,000 codes.
const DEFAULT_MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// The default of `min_interval`. A message arrives within it.
const DEFAULT_MIN_INTERVAL: Timeout = Timeout::from_secs(MINUTE);
/// The default of `max_per_hour`. Each message costs money.
const DEFAULT_MAX_PER_HOUR: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// One-time codes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OneTimeCodesConfig {
    /// The key of the hashes of codes, at least 32 bytes. Required. Six digits without a key can be
    /// found by trying all hashes.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub pepper: Option<Secret<String>>,
    /// How long a code by e-mail is valid.
    pub email_ttl: Timeout,
    /// How long a code by SMS is valid.
    pub phone_ttl: Timeout,
    /// Maximum number of attempts for one code.
    #[schemars(extend("x-unsafe" = [{
        "id": "AUTH-2",
        "above": 100,
        "why": "an attacker can guess many codes of six digits"
    }]))]
    pub max_attempts: NonZeroU32,
    /// The minimum time between two codes for one account or number.
    pub min_interval: Timeout,
    /// The maximum number of codes per hour for one account or number.
    pub max_per_hour: NonZeroU32,
}

impl Default for OneTimeCodesConfig {
    fn default() -> Self {
        Self {
            pepper: None,
            email_ttl: DEFAULT_EMAIL_TTL,
            phone_ttl: DEFAULT_PHONE_TTL,
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            min_interval: DEFAULT_MIN_INTERVAL,
            max_per_hour: DEFAULT_MAX_PER_HOUR,
        }
    }
}
