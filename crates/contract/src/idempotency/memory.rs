use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use parking_lot::Mutex;
use seaworthy_core::{Code, Error};
use tokio::time::Instant;

use super::{
    Begun, Fingerprint, IdempotencyConfig, IdempotencyStore, RecordedAnswer, ScopedKey, StoreFuture,
};
use crate::error::reason;

/// What an entry costs beside its key and its answer: the nodes of both maps. An estimate.
const ENTRY_COST: usize = 256;

/// What a header costs beside its text. An estimate.
const HEADER_COST: usize = 64;

/// Answers in memory, bounded in number and size. The ones that end first make room; running ones never do.
#[derive(Debug)]
pub struct MemoryStore {
    state: Mutex<State>,
    most_entries: usize,
    memory_limit: usize,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<ScopedKey, Entry>,
    /// By the end of their time, then by token.
    ends: BTreeMap<(Instant, u64), ScopedKey>,
    next_token: u64,
    memory: usize,
}

#[derive(Debug)]
struct Entry {
    fingerprint: Fingerprint,
    token: u64,
    end: Instant,
    answer: Option<RecordedAnswer>,
}

impl Entry {
    fn cost(&self, key: &ScopedKey) -> usize {
        // Both maps hold the key.
        ENTRY_COST + 2 * key.as_str().len() + self.answer.as_ref().map_or(0, answer_cost)
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

impl State {
    fn remove(&mut self, key: &ScopedKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.memory = self.memory.saturating_sub(entry.cost(key));
            self.ends.remove(&(entry.end, entry.token));
        }
    }

    fn insert(&mut self, key: ScopedKey, entry: Entry) {
        self.memory += entry.cost(&key);
        self.ends.insert((entry.end, entry.token), key.clone());
        self.entries.insert(key, entry);
    }

    fn forget_ended(&mut self, now: Instant) {
        while let Some(((end, _), key)) = self.ends.first_key_value() {
            if *end > now {
                return;
            }
            let key = key.clone();
            self.remove(&key);
        }
    }

    /// Removes the answered entry that ends first; `false` where all are running.
    fn forget_one(&mut self) -> bool {
        let answered = self
            .ends
            .values()
            .find(|key| {
                self.entries
                    .get(*key)
                    .is_some_and(|entry| entry.answer.is_some())
            })
            .cloned();
        match answered {
            Some(key) => {
                self.remove(&key);
                true
            }
            None => false,
        }
    }
}

impl MemoryStore {
    /// An empty store with the bounds of the settings.
    #[must_use]
    pub fn new(config: &IdempotencyConfig) -> Self {
        Self {
            state: Mutex::new(State::default()),
            most_entries: config.most_entries.max(1),
            memory_limit: config.memory_limit.as_usize(),
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
        run: Duration,
    ) -> Result<Begun, Error> {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.forget_ended(now);
        if let Some(entry) = state.entries.get(key) {
            return Ok(match &entry.answer {
                _ if entry.fingerprint != fingerprint => Begun::Mismatch,
                None => Begun::Running,
                Some(answer) => Begun::Answered(answer.clone()),
            });
        }
        state.next_token += 1;
        let token = state.next_token;
        let entry = Entry {
            fingerprint,
            token,
            end: now + run,
            answer: None,
        };
        while state.entries.len() >= self.most_entries
            || state.memory + entry.cost(key) > self.memory_limit
        {
            if !state.forget_one() {
                return Err(Error::new(
                    Code::Unavailable,
                    reason::IDEMPOTENCY_STORE_FULL,
                    "too many requests with an Idempotency-Key are running",
                ));
            }
        }
        state.insert(key.clone(), entry);
        Ok(Begun::New(token))
    }

    fn finish_now(&self, key: &ScopedKey, token: u64, answer: RecordedAnswer, keep: Duration) {
        let mut state = self.state.lock();
        let Some(entry) = state.entries.get(key).filter(|entry| entry.token == token) else {
            return;
        };
        let entry = Entry {
            fingerprint: entry.fingerprint,
            token,
            end: Instant::now() + keep,
            answer: Some(answer),
        };
        state.remove(key);
        while state.memory + entry.cost(key) > self.memory_limit {
            if !state.forget_one() {
                return;
            }
        }
        state.insert(key.clone(), entry);
    }
}

impl IdempotencyStore for MemoryStore {
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        run: Duration,
    ) -> StoreFuture<'a, Begun> {
        Box::pin(async move { self.begin_now(key, fingerprint, run) })
    }

    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        answer: RecordedAnswer,
        keep: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.finish_now(key, token, answer, keep);
            Ok(())
        })
    }

    fn abandon(&self, key: &ScopedKey, token: u64) {
        let mut state = self.state.lock();
        if state
            .entries
            .get(key)
            .is_some_and(|entry| entry.token == token)
        {
            state.remove(key);
        }
    }
}
