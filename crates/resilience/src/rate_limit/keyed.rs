use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

use parking_lot::Mutex;

use super::key::RateLimitKey;

/// Enough that two requests at once rarely meet in one lock.
const SHARDS: usize = 16;

/// One number for each of a bounded number of keys.
///
/// A full shard first drops the keys whose number has passed; when none has, further new keys share one number, so a flood of keys limits itself and nobody who
/// was there before notices.
#[derive(Debug)]
pub(super) struct Keyed {
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
    capacity: usize,
}

#[derive(Debug, Default)]
struct Shard {
    numbers: HashMap<RateLimitKey, u64>,
    overflow: u64,
    /// Nothing was worth dropping before this, so a full shard is not searched again until then.
    crowded_until: u64,
}

impl Keyed {
    pub(super) fn new(maximum_keys: u32) -> Self {
        let capacity = usize::try_from(maximum_keys).unwrap_or(usize::MAX) / SHARDS;
        Self {
            hasher: RandomState::new(),
            shards: Default::default(),
            capacity: capacity.max(1),
        }
    }

    /// Changes the number of a key. What is below `now` counts as never set; `pause` is how long a full shard is left alone.
    pub(super) fn update<T>(
        &self,
        key: &RateLimitKey,
        now: u64,
        pause: u64,
        change: impl FnOnce(&mut u64) -> T,
    ) -> T {
        let hash = usize::try_from(self.hasher.hash_one(key)).unwrap_or_default();
        let Some(shard) = self.shards.get(hash % SHARDS) else {
            return change(&mut 0);
        };
        let mut shard = shard.lock();
        if let Some(number) = shard.numbers.get_mut(key) {
            return change(number);
        }
        if shard.numbers.len() >= self.capacity && now >= shard.crowded_until {
            shard.numbers.retain(|_, number| *number > now);
            shard.crowded_until = now.saturating_add(pause);
        }
        if shard.numbers.len() >= self.capacity {
            return change(&mut shard.overflow);
        }
        change(shard.numbers.entry(key.clone()).or_default())
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().numbers.len())
            .sum()
    }
}
