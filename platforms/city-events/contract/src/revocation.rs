use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use seaworthy::{auth::token::Revocations, prelude::*};

/// The default of `max_stale`: a third of the lifetime of an access token. It is long enough for a
/// restart of the source. A banned user gains little by blocking the source.
const DEFAULT_MAX_STALE: Timeout = Timeout::from_secs(5 * 60);

/// The overlap of two reads, six times the transaction timeout: a commit follows its time stamp.
const OVERLAP: Duration = Duration::from_secs(60);

/// How long a service accepts access tokens without reading revocations from their source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RevocationConfig {
    /// The maximum time since the last successful read. After it, as at the start, a route that
    /// needs a token responds with 503, and other routes treat the caller as anonymous.
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
    /// Creates an empty list of revocations.
    #[must_use]
    pub fn revocations(&self) -> Revocations {
        Revocations::with_max_stale(self.max_stale.get())
    }
}

/// The position up to which revocations were read: a time of the database that records them. Cheap
/// to clone. All clones share the position.
///
/// It does not depend on the clock of the reading machine, so a machine that was suspended reads
/// all missed revocations.
#[derive(Debug, Clone, Default)]
pub struct ReadPosition(Arc<Mutex<Option<i64>>>);

impl ReadPosition {
    /// Returns the start of the next read, in microseconds since 1970 by the database's clock.
    /// Returns `None` until the first response: the read then covers the lifetime of the longest
    /// token.
    #[must_use]
    pub fn since_us(&self) -> Option<i64> {
        let overlap = i64::try_from(OVERLAP.as_micros()).unwrap_or(i64::MAX);
        self.0.lock().map(|read| read.saturating_sub(overlap))
    }

    /// Records that all revocations until `as_of_us` were read. `as_of_us` is the database's clock
    /// at the start of the read. If that clock was set back by more than the overlap, as after a
    /// failover, the next read covers everything. This read missed the revocations that were
    /// recorded since.
    pub fn advance(&self, as_of_us: i64) {
        let is_covered = self.since_us().is_none_or(|since| as_of_us >= since);
        *self.0.lock() = is_covered.then_some(as_of_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_starts_a_minute_before_the_last_response_auth_3() {
        let position = ReadPosition::default();
        assert_eq!(position.since_us(), None);
        position.advance(100_000_000);
        assert_eq!(position.clone().since_us(), Some(40_000_000));
        position.advance(70_000_000);
        assert_eq!(position.since_us(), Some(10_000_000));
    }

    #[test]
    fn clock_set_back_beyond_the_overlap_reads_all_again_auth_3() {
        let position = ReadPosition::default();
        position.advance(1_000_000_000);
        // A user is banned at 700 s by the new clock. The read from 940 s does not find it.
        position.advance(701_000_000);
        assert_eq!(position.since_us(), None);
        position.advance(702_000_000);
        assert_eq!(position.since_us(), Some(642_000_000));
    }
}
