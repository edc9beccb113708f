use std::time::{Duration, Instant};

/// The instant after which the caller has stopped waiting (LIFE-6).
///
/// Each hop uses the earlier of the deadline it received and its own limit.
///
/// ```
/// use std::time::Duration;
/// use seaworthy_core::Deadline;
///
/// let received = Deadline::after(Duration::from_secs(10));
/// let ours = received.min(Deadline::after(Duration::from_secs(2)));
/// assert!(ours.remaining().unwrap() <= Duration::from_secs(2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// Returns the deadline `wait` from now.
    #[must_use]
    pub fn after(wait: Duration) -> Self {
        Self::from_instant(Instant::now(), wait)
    }

    /// Returns the deadline `wait` after `start`. A `wait` that the clock cannot represent becomes
    /// one day.
    #[must_use]
    pub fn from_instant(start: Instant, wait: Duration) -> Self {
        const FALLBACK: Duration = Duration::from_secs(24 * 60 * 60);
        Self(
            start
                .checked_add(wait)
                .or_else(|| start.checked_add(FALLBACK))
                .unwrap_or(start),
        )
    }

    /// Returns the remaining time, or `None` if the deadline has passed.
    #[must_use]
    pub fn remaining(self) -> Option<Duration> {
        self.0
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
    }

    /// Returns whether the deadline has passed.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self.remaining().is_none()
    }

    /// Returns the deadline on the monotonic clock.
    #[must_use]
    pub const fn instant(self) -> Instant {
        self.0
    }
}
