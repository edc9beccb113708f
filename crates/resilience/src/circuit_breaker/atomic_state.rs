use std::sync::atomic::{AtomicU64, Ordering};

use super::ticket::Ticket;

/// The flag that every call is admitted.
const ADMITS_ALL: u64 = 1 << 32;
/// The flag that a success only changes counts.
const QUIET: u64 = 1 << 33;
/// One success that is not counted yet. The higher bits count more of them.
const SUCCESS: u64 = 1 << 34;

/// The state of a closed breaker that calls use without its lock. It has the generation (32 bits),
/// two flags, and the successes since the lock was last held.
///
/// The flags and the generation change only under the lock. A success is added in one atomic step,
/// if the breaker is quiet and has the generation of the call.
#[derive(Debug)]
pub(super) struct AtomicState(AtomicU64);

/// The state that the holder of the lock publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FastPath {
    pub(super) generation: u32,
    pub(super) admits_all: bool,
    pub(super) is_quiet: bool,
}

impl AtomicState {
    pub(super) fn new(fast_path: FastPath) -> Self {
        Self(AtomicU64::new(fast_path.word()))
    }

    /// Returns the generation if every call is admitted.
    pub(super) fn admits(&self) -> Option<u32> {
        let word = self.0.load(Ordering::Acquire);
        (word & ADMITS_ALL != 0).then(|| generation_of(word))
    }

    /// Counts a success if nothing else changes. Returns whether it did.
    pub(super) fn count_success(&self, ticket: Ticket) -> bool {
        let more = |word| {
            let counts = word & QUIET != 0 && generation_of(word) == ticket.generation;
            counts.then(|| word.checked_add(SUCCESS)).flatten()
        };
        self.0
            .fetch_update(Ordering::Release, Ordering::Relaxed, more)
            .is_ok()
    }

    /// Takes the counted successes, under the lock.
    pub(super) fn take_successes(&self) -> u32 {
        if self.0.load(Ordering::Relaxed) < SUCCESS {
            return 0;
        }
        successes_of(self.0.fetch_and(SUCCESS - 1, Ordering::Acquire))
    }

    /// Publishes the state under the lock. Returns the successes of the same generation that were
    /// counted since the last call.
    pub(super) fn publish(&self, fast_path: FastPath) -> u32 {
        let (word, new) = (self.0.load(Ordering::Relaxed), fast_path.word());
        if word & (SUCCESS - 1) == new {
            return 0;
        }
        if word & QUIET == 0 {
            // Only the holder of the lock writes in this state.
            self.0.store(new, Ordering::Release);
            return 0;
        }
        let word = self.0.swap(new, Ordering::AcqRel);
        if generation_of(word) == fast_path.generation {
            successes_of(word)
        } else {
            0
        }
    }
}

impl FastPath {
    fn word(self) -> u64 {
        let flag = |set: bool, flag: u64| if set { flag } else { 0 };
        u64::from(self.generation) | flag(self.admits_all, ADMITS_ALL) | flag(self.is_quiet, QUIET)
    }
}

fn generation_of(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).unwrap_or_default()
}

fn successes_of(word: u64) -> u32 {
    u32::try_from(word / SUCCESS).unwrap_or(u32::MAX)
}
