use std::time::{Duration, Instant};

use seaworthy::{auth::token::Revocations, prelude::*};

use crate::LONGEST_ACCESS_TOKEN;

/// A third of an access token's life: who was banned gains little by keeping a service from hearing of it, and a restart of what is asked is not noticed.
const DEFAULT_MAX_STALE: Timeout = Timeout::from_secs(5 * 60);

/// Transactions commit later than they write.
const OVERLAP: Duration = Duration::from_secs(60);

/// How a service that reads elsewhere which access tokens were taken back goes on while it cannot.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RevocationConfig {
    /// For so long what is known counts. Then, as before the first answer, every access token is refused with 503, and where none is needed the caller is nobody.
    pub max_stale: Timeout,
}

impl Default for RevocationConfig {
    fn default() -> Self {
        Self {
            max_stale: DEFAULT_MAX_STALE,
        }
    }
}

impl RevocationConfig {
    /// Nothing is known yet.
    #[must_use]
    pub fn revocations(&self) -> Revocations {
        Revocations::read_elsewhere(self.max_stale.get())
    }
}

/// How far back the next question goes: to a while before the last answer, however long ago that was, and where there was none to the oldest token that may still be good.
#[must_use]
pub fn look_back(revocations: &Revocations, now: Instant) -> Duration {
    revocations
        .last_read()
        .map_or(LONGEST_ACCESS_TOKEN, |last| {
            let passed = now.saturating_duration_since(last);
            passed.saturating_add(OVERLAP).min(LONGEST_ACCESS_TOKEN)
        })
}
