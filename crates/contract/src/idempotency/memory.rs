use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use seaworthy_core::{Code, Error};
use tokio::time::Instant;

use super::{
    Begun, Ending, Fingerprint, IdempotencyConfig, IdempotencyStore, RecordedAnswer, ScopedKey,
    StoreFuture, Times,
};
use crate::error::reason;

/// What an entry costs beside its key and its answer: the nodes of the maps. An estimate.
const ENTRY_COST: usize = 256;

/// What a header costs beside its text. An estimate.
const HEADER_COST: usize = 64;

/// Answers in memory, bounded in number and size. To make room, the caller with the largest share loses its answer that ends first; calls that run never lose their key.
#[derive(Debug)]
pub struct MemoryStore {
    state: Mutex<State>,
    limits: Limits,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    entries: usize,
    memory: usize,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<ScopedKey, Entry>,
    /// By the end of their time, then by token.
    ends: BTreeMap<(Instant, u64), ScopedKey>,
    shares: HashMap<Arc<str>, Share>,
    next_token: u64,
    memory: usize,
}

/// What one caller has of the store.
#[derive(Debug, Default)]
struct Share {
    entries: usize,
    memory: usize,
    /// What may make room, by the end of its time.
    settled: BTreeMap<(Instant, u64), ScopedKey>,
}

#[derive(Debug)]
struct Entry {
    fingerprint: Fingerprint,
    token: u64,
    /// Until when it is in this state.
    end: Instant,
    is: Is,
}

#[derive(Debug)]
enum Is {
    /// The call runs; what follows where it does not end in time is kept for so long.
    Running(Duration),
    Answered(RecordedAnswer),
    Done,
    Unknown,
}

/// What is short.
#[derive(Debug, Clone, Copy)]
enum Short {
    Entries,
    Memory,
}

impl Entry {
    fn cost(&self, key: &ScopedKey) -> usize {
        let answer = match &self.is {
            Is::Answered(answer) => answer_cost(answer),
            Is::Running(_) | Is::Done | Is::Unknown => 0,
        };
        // Three maps hold the key.
        ENTRY_COST + 3 * key.as_str().len() + answer
    }

    fn is_settled(&self) -> bool {
        !matches!(self.is, Is::Running(_))
    }
}

fn answer_cost(answer: &RecordedAnswer) -> usize {
    let headers: usize = answer
        .headers
        .values()
        .map(|value| HEADER_COST + value.len())
        .sum();
    headers + answer.body.len()
}

impl Share {
    fn size(&self, short: Short) -> usize {
        match short {
            Short::Entries => self.entries,
            Short::Memory => self.memory,
        }
    }
}

impl State {
    fn remove(&mut self, key: &ScopedKey) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        let (cost, place) = (entry.cost(key), (entry.end, entry.token));
        self.memory = self.memory.saturating_sub(cost);
        self.ends.remove(&place);
        if let Some(share) = self.shares.get_mut(key.share()) {
            share.entries = share.entries.saturating_sub(1);
            share.memory = share.memory.saturating_sub(cost);
            share.settled.remove(&place);
            if share.entries == 0 {
                self.shares.remove(key.share());
            }
        }
        Some(entry)
    }

    fn insert(&mut self, key: ScopedKey, entry: Entry) {
        let (cost, place) = (entry.cost(&key), (entry.end, entry.token));
        self.memory += cost;
        self.ends.insert(place, key.clone());
        let share = self.shares.entry(Arc::clone(key.share())).or_default();
        share.entries += 1;
        share.memory += cost;
        if entry.is_settled() {
            share.settled.insert(place, key.clone());
        }
        self.entries.insert(key, entry);
    }

    fn forget_ended(&mut self, now: Instant) {
        while let Some(first) = self.ends.first_entry()
            && first.key().0 <= now
        {
            let key = first.remove();
            // A call that did not end in time: nobody knows what it did.
            if let Some(Entry {
                fingerprint,
                token,
                end,
                is: Is::Running(keep),
            }) = self.remove(&key)
            {
                let entry = Entry {
                    fingerprint,
                    token,
                    end: end + keep,
                    is: Is::Unknown,
                };
                self.insert(key, entry);
            }
        }
    }

    /// Makes room for `entries` more that cost so much; `false` where that would take an answer from a caller with a smaller share.
    fn make_room(&mut self, limits: Limits, own: &Arc<str>, entries: usize, cost: usize) -> bool {
        loop {
            let (short, more) = if self.entries.len() + entries > limits.entries {
                (Short::Entries, entries)
            } else if self.memory + cost > limits.memory {
                (Short::Memory, cost)
            } else {
                return true;
            };
            let size_of = |name: &Arc<str>, share: &Share| {
                share.size(short) + if name == own { more } else { 0 }
            };
            let wanted = self
                .shares
                .get(own)
                .map_or(more, |share| size_of(own, share));
            let largest = self
                .shares
                .iter()
                .filter(|(_, share)| !share.settled.is_empty())
                .map(|(name, share)| (size_of(name, share), name == own, share))
                .max_by_key(|(size, is_own, _)| (*size, *is_own));
            let Some((_, _, share)) = largest.filter(|(size, ..)| *size >= wanted) else {
                return false;
            };
            let Some(first) = share.settled.values().next().cloned() else {
                return false;
            };
            self.remove(&first);
        }
    }
}

impl MemoryStore {
    /// An empty store with the bounds of the settings.
    #[must_use]
    pub fn new(config: &IdempotencyConfig) -> Self {
        Self {
            state: Mutex::new(State::default()),
            limits: Limits {
                entries: config.most_entries.max(1),
                memory: config.memory_limit.as_usize(),
            },
        }
    }

    /// How many keys are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state.lock().entries.len()
    }

    /// Whether no key is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn begin_now(
        &self,
        key: &ScopedKey,
        fingerprint: Fingerprint,
        times: Times,
    ) -> Result<Begun, Error> {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.forget_ended(now);
        if let Some(entry) = state.entries.get(key) {
            return Ok(match &entry.is {
                _ if entry.fingerprint != fingerprint => Begun::Mismatch,
                Is::Running(_) => Begun::Running,
                Is::Answered(answer) => Begun::Answered(answer.clone()),
                Is::Done => Begun::Done,
                Is::Unknown => Begun::Unknown,
            });
        }
        state.next_token += 1;
        let token = state.next_token;
        let entry = Entry {
            fingerprint,
            token,
            end: now + times.run,
            is: Is::Running(times.keep),
        };
        if !state.make_room(self.limits, key.share(), 1, entry.cost(key)) {
            return Err(Error::new(
                Code::Unavailable,
                reason::IDEMPOTENCY_STORE_FULL,
                "too many requests with an Idempotency-Key are running",
            ));
        }
        state.insert(key.clone(), entry);
        Ok(Begun::New(token))
    }

    /// Ends a call; `None` forgets its key.
    fn end_now(&self, key: &ScopedKey, token: u64, is: Option<Is>, keep: Duration) {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.forget_ended(now);
        if state
            .entries
            .get(key)
            .is_none_or(|entry| entry.token != token)
        {
            return;
        }
        let (Some(Entry { fingerprint, .. }), Some(is)) = (state.remove(key), is) else {
            return;
        };
        let mut entry = Entry {
            fingerprint,
            token,
            end: now + keep,
            is,
        };
        // That it was done is known also where its answer finds no room.
        if !state.make_room(self.limits, key.share(), 1, entry.cost(key)) {
            entry.is = Is::Done;
        }
        state.insert(key.clone(), entry);
    }
}

impl IdempotencyStore for MemoryStore {
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        times: Times,
    ) -> StoreFuture<'a, Begun> {
        Box::pin(async move { self.begin_now(key, fingerprint, times) })
    }

    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        answer: RecordedAnswer,
        keep: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.end_now(key, token, Some(Is::Answered(answer)), keep);
            Ok(())
        })
    }

    fn settle<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        ending: Ending,
        keep: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let is = match ending {
                Ending::NotDone => None,
                Ending::Unproven | Ending::Unknown => Some(Is::Unknown),
                Ending::Done => Some(Is::Done),
            };
            self.end_now(key, token, is, keep);
            Ok(())
        })
    }
}
