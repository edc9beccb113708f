use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::Instant,
};

use super::config::LogRateLimitConfig;

/// Callsites that are limited. More than the frequent callsites of any service.
const CALLSITES: usize = 1_024;
/// The bits of a window that hold the number of lines. The others hold the second.
const COUNT_BITS: u32 = 32;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

/// Limits the lines per second of each callsite.
///
/// The limiter is a fixed table of atomics, so that a line takes no lock. Of two callsites with the
/// same slot only the first is limited, so that no line is suppressed because of another callsite.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    per_second: u64,
    start: Instant,
    slots: Box<[Slot]>,
    suppressed: AtomicU64,
}

#[derive(Debug, Default)]
struct Slot {
    callsite: AtomicUsize,
    /// The second since the start in the upper half, the lines in this second in the lower half.
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
            if lines < self.per_second {
                return Decision::Write;
            }
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            return Decision::Suppress;
        }
        let window = (second << COUNT_BITS) | 1;
        slot.window.store(window, Ordering::Relaxed);
        match lines.saturating_sub(self.per_second) {
            0 => Decision::Write,
            suppressed => Decision::WriteAfter(suppressed),
        }
    }

    pub(crate) fn suppressed(&self) -> u64 {
        self.suppressed.load(Ordering::Relaxed)
    }
}
