use std::hash::{BuildHasher as _, RandomState};

use hashbrown::HashTable;
use parking_lot::Mutex;

use super::key::RateLimitKey;

/// Enough that two requests at once rarely meet in one lock.
const SHARDS: usize = 16;
/// Bits of a hash that choose neither a place in a table (the lowest) nor its tag (the highest).
const SHARD_BITS: u32 = 32;

/// One number for each of a bounded number of keys.
///
/// A full shard first drops the keys whose number has passed; when none has, further new keys share one number, so a flood of keys limits itself and nobody who
/// was there before notices. A key is hashed once, for the shard and for its table; the hash is keyed at random, since strangers choose the keys.
#[derive(Debug)]
pub(super) struct Keyed {
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
    capacity: usize,
}

#[derive(Debug, Default)]
struct Shard {
    numbers: HashTable<(RateLimitKey, u64)>,
    overflow: u64,
    /// Nothing was worth dropping before this, so a full shard is not searched again until then.
    crowded_until: u64,
}

impl Keyed {
    pub(super) fn new(max_keys: u32) -> Self {
        let capacity = usize::try_from(max_keys).unwrap_or(usize::MAX) / SHARDS;
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
        let hash = self.hasher.hash_one(key);
        let shard = usize::try_from(hash >> SHARD_BITS).unwrap_or_default() % SHARDS;
        let Some(shard) = self.shards.get(shard) else {
            return change(&mut 0);
        };
        let mut shard = shard.lock();
        if let Some((_, number)) = shard.numbers.find_mut(hash, |(known, _)| known == key) {
            return change(number);
        }
        if shard.numbers.len() >= self.capacity && now >= shard.crowded_until {
            shard.numbers.retain(|(_, number)| *number > now);
            shard.crowded_until = now.saturating_add(pause);
        }
        if shard.numbers.len() >= self.capacity {
            return change(&mut shard.overflow);
        }
        let hash_of = |(known, _): &(RateLimitKey, u64)| self.hasher.hash_one(known);
        let mut added = shard.numbers.insert_unique(hash, (key.clone(), 0), hash_of);
        change(&mut added.get_mut().1)
    }

    /// Keys that have a number.
    pub(super) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().numbers.len())
            .sum()
    }
}
