use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use seaworthy_core::{Code, Error};
use tokio::time::Instant;

use super::{
    CallOutcome, Fingerprint, IdempotencyConfig, IdempotencyStore, KeyState, Lifetimes,
    RecordedResponse, ScopedKey, StoreFuture,
};
use crate::error::reason;

/// The memory of an entry in addition to its key and its response, in bytes. An estimate of map
/// nodes.
const ENTRY_COST: usize = 256;

/// The memory of a header in addition to its text, in bytes. An estimate.
const HEADER_COST: usize = 64;

/// Stores responses in memory, bounded in number and size. If it is full, the caller with the
/// largest share loses the response that expires first. Running calls never lose their key.
///
/// ```
/// use seaworthy_contract::idempotency::{IdempotencyConfig, MemoryStore};
///
/// let store = MemoryStore::new(&IdempotencyConfig::default());
/// assert!(store.is_empty());
/// ```
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
    /// The keys by expiry, then by token.
    expiries: BTreeMap<(Instant, u64), ScopedKey>,
    shares: HashMap<Arc<str>, Share>,
    next_token: u64,
    memory: usize,
}

/// The share of one caller.
#[derive(Debug, Default)]
struct Share {
    entries: usize,
    memory: usize,
    /// Entries that may be removed, by expiry.
    settled: BTreeMap<(Instant, u64), ScopedKey>,
}

#[derive(Debug)]
struct Entry {
    fingerprint: Fingerprint,
    token: u64,
    /// The time at which the current state ends.
    expiry: Instant,
    state: EntryState,
}

#[derive(Debug)]
enum EntryState {
    /// The call runs. If it does not end in time, its unknown outcome is stored for this long.
    Running(Duration),
    Completed(RecordedResponse),
    Done,
    Unknown,
}

/// The bound that is reached.
#[derive(Debug, Clone, Copy)]
enum Bound {
    Entries,
    Memory,
}

impl Entry {
    fn cost(&self, key: &ScopedKey) -> usize {
        let response = match &self.state {
            EntryState::Completed(response) => response_cost(response),
            EntryState::Running(_) | EntryState::Done | EntryState::Unknown => 0,
        };
        // Three maps hold the key.
        ENTRY_COST + 3 * key.as_str().len() + response
    }

    fn is_settled(&self) -> bool {
        !matches!(self.state, EntryState::Running(_))
    }
}

fn response_cost(response: &RecordedResponse) -> usize {
    let headers: usize = response
        .headers
        .values()
        .map(|value| HEADER_COST + value.len())
        .sum();
    headers + response.body.len()
}

impl Share {
    fn size(&self, bound: Bound) -> usize {
        match bound {
            Bound::Entries => self.entries,
            Bound::Memory => self.memory,
        }
    }
}

impl State {
    fn remove(&mut self, key: &ScopedKey) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        let (cost, position) = (entry.cost(key), (entry.expiry, entry.token));
        self.memory = self.memory.saturating_sub(cost);
        self.expiries.remove(&position);
        if let Some(share) = self.shares.get_mut(key.owner()) {
            share.entries = share.entries.saturating_sub(1);
            share.memory = share.memory.saturating_sub(cost);
            share.settled.remove(&position);
            if share.entries == 0 {
                self.shares.remove(key.owner());
            }
        }
        Some(entry)
    }

    fn insert(&mut self, key: ScopedKey, entry: Entry) {
        let (cost, position) = (entry.cost(&key), (entry.expiry, entry.token));
        self.memory += cost;
        self.expiries.insert(position, key.clone());
        let share = self.shares.entry(Arc::clone(key.owner())).or_default();
        share.entries += 1;
        share.memory += cost;
        if entry.is_settled() {
            share.settled.insert(position, key.clone());
        }
        self.entries.insert(key, entry);
    }

    fn remove_expired(&mut self, now: Instant) {
        while let Some(first) = self.expiries.first_entry()
            && first.key().0 <= now
        {
            let key = first.remove();
            // The outcome of a call that did not end in time is unknown.
            if let Some(Entry {
                fingerprint,
                token,
                expiry,
                state: EntryState::Running(ttl),
            }) = self.remove(&key)
            {
                let entry = Entry {
                    fingerprint,
                    token,
                    expiry: expiry + ttl,
                    state: EntryState::Unknown,
                };
                self.insert(key, entry);
            }
        }
    }

    /// Makes room for more `entries` of `cost` bytes. Returns `false` if that would remove a
    /// response of a caller with a smaller share.
    fn evict(&mut self, limits: Limits, own: &Arc<str>, entries: usize, cost: usize) -> bool {
        loop {
            let (bound, more) = if self.entries.len() + entries > limits.entries {
                (Bound::Entries, entries)
            } else if self.memory + cost > limits.memory {
                (Bound::Memory, cost)
            } else {
                return true;
            };
            let size_of = |name: &Arc<str>, share: &Share| {
                share.size(bound) + if name == own { more } else { 0 }
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
    /// Creates an empty store with the bounds of the settings.
    #[must_use]
    pub fn new(config: &IdempotencyConfig) -> Self {
        Self {
            state: Mutex::new(State::default()),
            limits: Limits {
                entries: config.max_entries.max(1),
                memory: config.max_memory.as_usize(),
            },
        }
    }

    /// The number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state.lock().entries.len()
    }

    /// Whether the store has no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn begin_now(
        &self,
        key: &ScopedKey,
        fingerprint: Fingerprint,
        lifetimes: Lifetimes,
    ) -> Result<KeyState, Error> {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.remove_expired(now);
        if let Some(entry) = state.entries.get(key) {
            return Ok(match &entry.state {
                _ if entry.fingerprint != fingerprint => KeyState::Mismatch,
                EntryState::Running(_) => KeyState::Running,
                EntryState::Completed(response) => KeyState::Completed(response.clone()),
                EntryState::Done => KeyState::ResponseNotStored,
                EntryState::Unknown => KeyState::OutcomeUnknown,
            });
        }
        state.next_token += 1;
        let token = state.next_token;
        let entry = Entry {
            fingerprint,
            token,
            expiry: now + lifetimes.timeout,
            state: EntryState::Running(lifetimes.ttl),
        };
        if !state.evict(self.limits, key.owner(), 1, entry.cost(key)) {
            return Err(Error::new(
                Code::Unavailable,
                reason::IDEMPOTENCY_STORE_FULL,
                "too many requests with an Idempotency-Key are running: try again later",
            ));
        }
        state.insert(key.clone(), entry);
        Ok(KeyState::Claimed(token))
    }

    /// Ends a call. `None` removes its key.
    fn end_now(&self, key: &ScopedKey, token: u64, entry_state: Option<EntryState>, ttl: Duration) {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.remove_expired(now);
        if state
            .entries
            .get(key)
            .is_none_or(|entry| entry.token != token)
        {
            return;
        }
        let (Some(Entry { fingerprint, .. }), Some(entry_state)) = (state.remove(key), entry_state)
        else {
            return;
        };
        let mut entry = Entry {
            fingerprint,
            token,
            expiry: now + ttl,
            state: entry_state,
        };
        // If the store has no room for the response, it still records that the call took effect.
        if !state.evict(self.limits, key.owner(), 1, entry.cost(key)) {
            entry.state = EntryState::Done;
        }
        state.insert(key.clone(), entry);
    }
}

impl IdempotencyStore for MemoryStore {
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        lifetimes: Lifetimes,
    ) -> StoreFuture<'a, KeyState> {
        Box::pin(async move { self.begin_now(key, fingerprint, lifetimes) })
    }

    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        response: RecordedResponse,
        ttl: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.end_now(key, token, Some(EntryState::Completed(response)), ttl);
            Ok(())
        })
    }

    fn settle<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        outcome: CallOutcome,
        ttl: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let entry_state = match outcome {
                CallOutcome::Unchanged => None,
                CallOutcome::Failed | CallOutcome::Unknown => Some(EntryState::Unknown),
                CallOutcome::Changed => Some(EntryState::Done),
            };
            self.end_now(key, token, entry_state, ttl);
            Ok(())
        })
    }
}
