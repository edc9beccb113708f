use std::hash::{BuildHasher as _, Hash, RandomState};

use hashbrown::HashTable;
use parking_lot::Mutex;

/// Number of shards, so that two concurrent requests seldom use the same lock.
const SHARDS: usize = 16;
/// Position of the bits that select the shard. A table uses the lowest and the highest bits.
const SHARD_BITS: u32 = 32;

/// A bounded map from keys to numbers.
///
/// A full shard first removes the keys whose number is in the past. If none is, further new keys
/// share one number, so that a flood of keys limits itself and does not affect known keys. A key is
/// hashed once, for the shard and for its table. The hash has a random seed, because clients choose
/// the keys.
#[derive(Debug)]
pub(super) struct Keyed<K> {
    hasher: RandomState,
    shards: [Mutex<Shard<K>>; SHARDS],
    capacity: usize,
}

#[derive(Debug)]
struct Shard<K> {
    numbers: HashTable<(K, u64)>,
    overflow: u64,
    /// A full shard without a removable key is not searched again until then.
    crowded_until: u64,
}

impl<K> Default for Shard<K> {
    fn default() -> Self {
        Self {
            numbers: HashTable::new(),
            overflow: 0,
            crowded_until: 0,
        }
    }
}

impl<K> Shard<K> {
    /// Whether the shard has no space for another key. Removes keys of the past, at most once per
    /// `sweep_interval`.
    fn is_full(&mut self, capacity: usize, now: u64, sweep_interval: u64) -> bool {
        if self.numbers.len() >= capacity && now >= self.crowded_until {
            self.numbers.retain(|(_, number)| *number > now);
            self.crowded_until = now.saturating_add(sweep_interval);
        }
        self.numbers.len() >= capacity
    }
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    pub(super) fn new(max_keys: u32) -> Self {
        let capacity = usize::try_from(max_keys).unwrap_or(usize::MAX) / SHARDS;
        Self {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
            capacity: capacity.max(1),
        }
    }

    /// Changes the number of a key. A number below `now` counts as absent. A full shard is searched
    /// at most once per `sweep_interval`.
    pub(super) fn update<T>(
        &self,
        key: &K,
        now: u64,
        sweep_interval: u64,
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
        if shard.is_full(self.capacity, now, sweep_interval) {
            return change(&mut shard.overflow);
        }
        let hash_of = |(known, _): &(K, u64)| self.hasher.hash_one(known);
        let mut added = shard.numbers.insert_unique(hash, (key.clone(), 0), hash_of);
        change(&mut added.get_mut().1)
    }

    /// Returns the number that [`update`](Self::update) would change. Does not add the key.
    pub(super) fn get(&self, key: &K, now: u64, sweep_interval: u64) -> u64 {
        let hash = self.hasher.hash_one(key);
        let shard = usize::try_from(hash >> SHARD_BITS).unwrap_or_default() % SHARDS;
        let Some(shard) = self.shards.get(shard) else {
            return 0;
        };
        let mut shard = shard.lock();
        if let Some((_, number)) = shard.numbers.find(hash, |(known, _)| known == key) {
            return *number;
        }
        match shard.is_full(self.capacity, now, sweep_interval) {
            true => shard.overflow,
            false => 0,
        }
    }

    /// Returns the number of keys.
    pub(super) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().numbers.len())
            .sum()
    }
}
