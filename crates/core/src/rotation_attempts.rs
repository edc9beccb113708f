use std::time::{Duration, Instant};

use crate::{Backoff, Timeout};

/// The first backoff. A server may get the new password a moment after the service.
const INITIAL_BACKOFF: Timeout = Timeout::from_secs(2);
/// The maximum backoff. Servers lock users out after many rejected passwords within a minute, and
/// each attempt costs a connection.
const MAX_BACKOFF: Timeout = Timeout::from_secs(60);

/// Decides when a connection tries a rotated password that the server has rejected (CONF-5). The
/// backoff doubles from 2 s to 60 s, with equal jitter. A newer password is tried immediately.
///
/// ```
/// use std::time::{Duration, Instant};
/// use seaworthy_core::RotationAttempts;
///
/// let (mut attempts, now) = (RotationAttempts::default(), Instant::now());
/// assert!(attempts.is_due(1, now));
/// assert!(attempts.record_failure(1, now));
/// assert!(!attempts.is_due(1, now));
/// assert!(attempts.is_due(1, now + Duration::from_secs(2)));
/// assert!(attempts.is_due(2, now));
/// ```
#[derive(Debug, Default)]
pub struct RotationAttempts(Option<Rejected>);

#[derive(Debug)]
struct Rejected {
    version: u64,
    failures: u32,
    next: Instant,
}

impl RotationAttempts {
    /// Returns whether to try the password of this version.
    #[must_use]
    pub fn is_due(&self, version: u64, now: Instant) -> bool {
        self.0
            .as_ref()
            .is_none_or(|rejected| rejected.version != version || rejected.next <= now)
    }

    /// Records that connections with the password of this version failed. Returns whether this is
    /// the first failure of the version, which the caller logs.
    pub fn record_failure(&mut self, version: u64, now: Instant) -> bool {
        let same = self
            .0
            .as_ref()
            .filter(|rejected| rejected.version == version);
        let failures = same.map_or(0, |rejected| rejected.failures);
        self.0 = Some(Rejected {
            version,
            failures: failures.saturating_add(1),
            next: now + delay(failures),
        });
        failures == 0
    }
}

/// Returns a delay between half of the backoff and the whole backoff.
fn delay(failures: u32) -> Duration {
    let backoff = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
    (backoff.max_delay(failures) + backoff.delay(failures)) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_password_is_tried_with_backoff_conf_5() {
        let begun = Instant::now();
        let (mut attempts, mut tried) = (RotationAttempts::default(), Vec::new());
        for second in 0..600 {
            let now = begun + Duration::from_secs(second);
            if attempts.is_due(7, now) {
                assert_eq!(attempts.record_failure(7, now), tried.is_empty());
                tried.push(second);
            }
        }
        // A fixed interval of 2 s would cause 300 attempts.
        assert!((12..=26).contains(&tried.len()), "{tried:?}");
        assert!(tried.iter().any(|second| (1..=2).contains(second)));
        let longest = tried.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(longest.is_some_and(|longest| (30..=60).contains(&longest)));
    }

    #[test]
    fn newer_password_is_tried_immediately_conf_5() {
        let now = Instant::now();
        let mut attempts = RotationAttempts::default();
        for _ in 0..9 {
            attempts.record_failure(1, now);
        }
        assert!(!attempts.is_due(1, now + Duration::from_secs(20)));
        assert!(attempts.is_due(2, now));
        assert!(attempts.record_failure(2, now));
        assert!(attempts.is_due(2, now + Duration::from_secs(2)));
    }
}
