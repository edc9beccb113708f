use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::Instant,
};

use super::config::RepeatConfig;

/// Places in the program that are watched: more than the talkative ones of any service.
const PLACES: usize = 1_024;

/// Holds back lines that one place in the program writes too often.
///
/// A fixed table of atomics, so that a line costs no lock. Two places that fall on one slot are not limited while they share it: too many lines are better
/// than a line that is held back for another's sake.
#[derive(Debug)]
pub(crate) struct Repeats {
    per_second: u64,
    start: Instant,
    slots: Box<[Slot]>,
    held_back: AtomicU64,
}

#[derive(Debug, Default)]
struct Slot {
    place: AtomicUsize,
    /// The second since the start, shifted left by 32, and the lines within it.
    window: AtomicU64,
}

/// What to do with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Write it.
    Write,
    /// Write it, and say how many before it were held back.
    WriteAfter(u64),
    /// Hold it back.
    HoldBack,
}

impl Repeats {
    pub(crate) fn new(config: &RepeatConfig) -> Self {
        Self {
            per_second: u64::from(config.per_second.max(1)),
            start: Instant::now(),
            slots: (0..PLACES).map(|_| Slot::default()).collect(),
            held_back: AtomicU64::new(0),
        }
    }

    /// Judges a line of a place, named by the address of its static description.
    pub(crate) fn judge(&self, place: usize) -> Verdict {
        let Some(slot) = self.slots.get((place >> 4) % PLACES) else {
            return Verdict::Write;
        };
        let known = slot
            .place
            .compare_exchange(0, place, Ordering::Relaxed, Ordering::Relaxed)
            .unwrap_or_else(|known| known);
        if known != 0 && known != place {
            return Verdict::Write;
        }
        let second = self.start.elapsed().as_secs();
        let before = slot.window.fetch_add(1, Ordering::Relaxed);
        if before >> 32 == second {
            if (before & 0xffff_ffff) < self.per_second {
                return Verdict::Write;
            }
            self.held_back.fetch_add(1, Ordering::Relaxed);
            return Verdict::HoldBack;
        }
        slot.window.store((second << 32) | 1, Ordering::Relaxed);
        match (before & 0xffff_ffff).saturating_sub(self.per_second) {
            0 => Verdict::Write,
            held_back => Verdict::WriteAfter(held_back),
        }
    }

    pub(crate) fn held_back(&self) -> u64 {
        self.held_back.load(Ordering::Relaxed)
    }
}
