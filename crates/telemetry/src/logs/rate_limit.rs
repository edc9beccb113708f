use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::Instant,
};

use super::config::LogRateLimitConfig;

/// Maximum number of limited callsites. A service has fewer frequent callsites.
const CALLSITES: usize = 1_024;
/// Number of bits of a window that store the number of lines. The other bits store the second.
const COUNT_BITS: u32 = 32;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

/// Limits the lines per second of each callsite.
///
/// The limiter is a fixed table of atomics, so that a line does not take a lock. Of two callsites
/// with the same slot only the first is limited, so that no line is suppressed because of another
/// callsite.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    per_second: u64,
    /// Above the limit, every n-th line is written. Zero: none.
    sample_every: u64,
    start: Instant,
    slots: Box<[Slot]>,
    suppressed: AtomicU64,
}

#[derive(Debug, Default)]
struct Slot {
    callsite: AtomicUsize,
    /// The upper half is the second since the start, the lower half the lines in this second.
    window: AtomicU64,
}

/// The result of a check of the rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Write the line.
    Write,
    /// Write the line with the number of lines that were suppressed before it.
    WriteAfter(u64),
    /// Suppress the line.
    Suppress,
}

impl RateLimiter {
    pub(crate) fn new(config: &LogRateLimitConfig) -> Self {
        Self {
            per_second: u64::from(config.per_second.max(1)),
            sample_every: config
                .sample_every
                .map_or(0, |every| u64::from(every.get())),
            start: Instant::now(),
            slots: (0..CALLSITES).map(|_| Slot::default()).collect(),
            suppressed: AtomicU64::new(0),
        }
    }

    /// Counts a line of a callsite, which is identified by the address of its metadata.
    pub(crate) fn check(&self, callsite: usize) -> Decision {
        // The lowest bits of an address are zero.
        let Some(slot) = self.slots.get((callsite >> 4) % CALLSITES) else {
            return Decision::Write;
        };
        let owner = slot
            .callsite
            .compare_exchange(0, callsite, Ordering::Relaxed, Ordering::Relaxed)
            .unwrap_or_else(|owner| owner);
        if owner != 0 && owner != callsite {
            return Decision::Write;
        }
        let second = self.start.elapsed().as_secs();
        let window = slot.window.fetch_add(1, Ordering::Relaxed);
        let lines = window & COUNT_MASK;
        if window >> COUNT_BITS == second {
            if lines < self.per_second || self.is_sampled(lines + 1 - self.per_second) {
                return Decision::Write;
            }
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            return Decision::Suppress;
        }
        let window = (second << COUNT_BITS) | 1;
        slot.window.store(window, Ordering::Relaxed);
        let further = lines.saturating_sub(self.per_second);
        let sampled = further.checked_div(self.sample_every).unwrap_or_default();
        match further - sampled {
            0 => Decision::Write,
            suppressed => Decision::WriteAfter(suppressed),
        }
    }

    /// Whether one of the further lines of a second is written, counted from 1.
    fn is_sampled(&self, further: u64) -> bool {
        self.sample_every > 0 && further.is_multiple_of(self.sample_every)
    }

    pub(crate) fn suppressed(&self) -> u64 {
        self.suppressed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn further_lines_of_a_second_are_sampled_obs_2() {
        let limiter = RateLimiter::new(&LogRateLimitConfig {
            per_second: 5,
            sample_every: NonZeroU32::new(3),
        });
        // All lines are written in one second.
        let written = |line: &u64| {
            let decision = limiter.check(16);
            assert_eq!(limiter.start.elapsed().as_secs(), 0, "line {line}");
            decision == Decision::Write
        };
        let lines: Vec<u64> = (1..=15).filter(written).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 8, 11, 14]);
        assert_eq!(limiter.suppressed(), 7);
    }
}
