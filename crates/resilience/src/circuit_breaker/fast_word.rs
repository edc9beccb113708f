use std::sync::atomic::{AtomicU64, Ordering};

use super::ticket::Ticket;

/// Set when every call may go.
const ADMITS_ALL: u64 = 1 << 32;
/// Set when a success changes nothing but counts.
const QUIET: u64 = 1 << 33;
/// One success that is not counted yet; what is above are more of them.
const SUCCESS: u64 = 1 << 34;

/// What can be asked and told of a closed breaker without its lock: the generation (32 bits), two flags, and the successes since the lock was last held.
///
/// The flags and the generation change under the lock alone. A success is added only where the generation is that of its call and the breaker is quiet, in one
/// step with looking.
#[derive(Debug)]
pub(super) struct FastWord(AtomicU64);

/// What the lock's holder says of its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) generation: u32,
    pub(super) admits_all: bool,
    pub(super) is_quiet: bool,
}

impl FastWord {
    pub(super) fn new(standing: Standing) -> Self {
        Self(AtomicU64::new(standing.word()))
    }

    /// The generation, if every call may go.
    pub(super) fn admits(&self) -> Option<u32> {
        let word = self.0.load(Ordering::Acquire);
        (word & ADMITS_ALL != 0).then(|| generation_of(word))
    }

    /// Counts a success, if that is all there is to do.
    pub(super) fn count_success(&self, ticket: Ticket) -> bool {
        let more = |word| {
            let counts = word & QUIET != 0 && generation_of(word) == ticket.generation;
            counts.then(|| word.checked_add(SUCCESS)).flatten()
        };
        self.0
            .fetch_update(Ordering::Release, Ordering::Relaxed, more)
            .is_ok()
    }

    /// Takes the successes that were counted, under the lock.
    pub(super) fn take_successes(&self) -> u32 {
        if self.0.load(Ordering::Relaxed) < SUCCESS {
            return 0;
        }
        successes_of(self.0.fetch_and(SUCCESS - 1, Ordering::Acquire))
    }

    /// Says what is so now, under the lock; the successes that were counted meanwhile, if they belong to the same generation.
    pub(super) fn publish(&self, standing: Standing) -> u32 {
        let (word, new) = (self.0.load(Ordering::Relaxed), standing.word());
        if word & (SUCCESS - 1) == new {
            return 0;
        }
        if word & QUIET == 0 {
            // Nobody else writes then.
            self.0.store(new, Ordering::Release);
            return 0;
        }
        let word = self.0.swap(new, Ordering::AcqRel);
        if generation_of(word) == standing.generation {
            successes_of(word)
        } else {
            0
        }
    }
}

impl Standing {
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
