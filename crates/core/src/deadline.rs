use std::time::{Duration, Instant};

/// The moment after which nobody waits for the answer any more (LIFE-6).
///
/// A deadline only ever gets nearer: each hop takes the earlier of what it was given and what it allows.
///
/// ```
/// use std::time::Duration;
/// use seaworthy_core::Deadline;
///
/// let given = Deadline::after(Duration::from_secs(10));
/// let ours = given.shortened_to(Duration::from_secs(2));
/// assert!(ours.remaining().unwrap() <= Duration::from_secs(2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline that lies `wait` from now.
    #[must_use]
    pub fn after(wait: Duration) -> Self {
        Self::from_instant(Instant::now(), wait)
    }

    /// The deadline that lies `wait` after `start`. A wait beyond what the clock can hold ends a day after `start`.
    #[must_use]
    pub fn from_instant(start: Instant, wait: Duration) -> Self {
        const FAR: Duration = Duration::from_secs(24 * 60 * 60);
        Self(
            start
                .checked_add(wait)
                .or_else(|| start.checked_add(FAR))
                .unwrap_or(start),
        )
    }

    /// The earlier of this deadline and `wait` from now.
    #[must_use]
    pub fn shortened_to(self, wait: Duration) -> Self {
        self.min(Self::after(wait))
    }

    /// The time left, or `None` when the deadline has passed.
    #[must_use]
    pub fn remaining(self) -> Option<Duration> {
        self.0
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
    }

    /// Whether the deadline has passed.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self.remaining().is_none()
    }

    /// The deadline as an instant of the monotonic clock.
    #[must_use]
    pub const fn instant(self) -> Instant {
        self.0
    }
}
