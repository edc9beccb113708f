use std::time::{Duration, Instant, SystemTime};

/// A reading of the machine's monotonic clock and wall clock.
///
/// The monotonic clock stops while the machine is suspended, and the wall clock may be set back.
/// The time between two readings is the longer one of both, which detects either case.
///
/// ```
/// use std::time::{Duration, Instant, SystemTime};
/// use seaworthy_auth::token::ClockReading;
///
/// let before = ClockReading::now();
/// // As after a suspension of ten minutes: only the wall clock has moved.
/// let after = ClockReading::new(
///     Instant::now(),
///     SystemTime::now() + Duration::from_secs(600),
/// );
/// assert!(before.elapsed_until(after) >= Duration::from_secs(600));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ClockReading {
    monotonic: Instant,
    wall: SystemTime,
}

impl ClockReading {
    /// Reads both clocks.
    #[must_use]
    pub fn now() -> Self {
        Self::with_wall(SystemTime::now())
    }

    /// Reads the monotonic clock, for a caller that has read the wall clock.
    pub(crate) fn with_wall(wall: SystemTime) -> Self {
        // Tokio's clock, so that tests can advance it.
        Self::new(tokio::time::Instant::now().into_std(), wall)
    }

    /// Creates a reading with these values.
    #[must_use]
    pub const fn new(monotonic: Instant, wall: SystemTime) -> Self {
        Self { monotonic, wall }
    }

    /// Returns the time from this reading until a later one, suspensions included.
    #[must_use]
    pub fn elapsed_until(self, later: Self) -> Duration {
        let wall = later.wall.duration_since(self.wall).unwrap_or_default();
        let monotonic = later.monotonic.saturating_duration_since(self.monotonic);
        wall.max(monotonic)
    }

    /// Returns the later one of two readings of this process.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        if other.monotonic >= self.monotonic {
            other
        } else {
            self
        }
    }
}

/// The time for which fetched keys are valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeysValidity {
    fetched: ClockReading,
    max_stale: Duration,
}

impl KeysValidity {
    pub(crate) const fn new(fetched: ClockReading, max_stale: Duration) -> Self {
        Self { fetched, max_stale }
    }

    pub(crate) fn contains(self, now: ClockReading) -> bool {
        self.fetched.elapsed_until(now) <= self.max_stale
    }
}
