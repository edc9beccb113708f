use std::{
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
};

use governor::{nanos::Nanos, state::StateStore};
use hashbrown::HashTable;
use parking_lot::Mutex;

use super::RateLimitKey;

/// Enough that two requests at once rarely meet in one lock.
const SHARDS: usize = 16;
/// Bits of a hash that choose neither a place in a table (the lowest) nor its tag (the highest).
const SHARD_BITS: u32 = 32;

/// The state of a bounded number of keys.
///
/// Governor's own keyed stores grow with every new key until someone sweeps them: an attacker with a wide IPv6 block would own the memory. Here each
/// shard has a capacity. A full shard first drops every key that is as good as new; when all of its keys are busy, further new keys share one state,
/// so the flood limits itself and nobody who was there before notices. A key is hashed once, for the shard and for its table; the hash is keyed at
/// random, since strangers choose the keys. Clones are the same store.
#[derive(Debug, Clone)]
pub(super) struct BoundedStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
    capacity: usize,
    /// What one request adds to the theoretical arrival time.
    increment: u64,
}

#[derive(Debug, Default)]
struct Shard {
    arrivals: HashTable<(RateLimitKey, u64)>,
    overflow: u64,
    /// Nothing was worth dropping before this time, so a full shard is not searched again until then.
    crowded_until: u64,
}

impl BoundedStore {
    pub(super) fn new(max_keys: usize, increment: u64) -> Self {
        Self(Arc::new(Inner {
            hasher: RandomState::new(),
            shards: Default::default(),
            capacity: (max_keys / SHARDS).max(1),
            increment,
        }))
    }

    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        self.0
            .shards
            .iter()
            .map(|shard| shard.lock().arrivals.len())
            .sum()
    }

    fn shard(&self, hash: u64) -> Option<&Mutex<Shard>> {
        let index = usize::try_from(hash >> SHARD_BITS).unwrap_or_default();
        self.0.shards.get(index % SHARDS)
    }
}

impl StateStore for BoundedStore {
    type Key = RateLimitKey;

    fn measure_and_replace<T, F, E>(&self, key: &RateLimitKey, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let hash = self.0.hasher.hash_one(key);
        let Some(shard) = self.shard(hash) else {
            return decide(None).map(|(outcome, _)| outcome);
        };
        let mut shard = shard.lock();
        if let Some((_, arrival)) = shard.arrivals.find_mut(hash, |(known, _)| known == key) {
            let (outcome, next) = decide(Some(Nanos::new(*arrival)))?;
            *arrival = next.as_u64();
            return Ok(outcome);
        }
        let (outcome, next) = decide(None)?;
        let now = next.as_u64().saturating_sub(self.0.increment);
        if shard.arrivals.len() >= self.0.capacity && now >= shard.crowded_until {
            shard.arrivals.retain(|(_, arrival)| *arrival > now);
            shard.crowded_until = now.saturating_add(self.0.increment);
        }
        if shard.arrivals.len() < self.0.capacity {
            let hash_of = |(known, _): &(RateLimitKey, u64)| self.0.hasher.hash_one(known);
            let entry = (key.clone(), next.as_u64());
            shard.arrivals.insert_unique(hash, entry, hash_of);
            return Ok(outcome);
        }
        let known = (shard.overflow > 0).then(|| Nanos::new(shard.overflow));
        let (outcome, next) = decide(known)?;
        shard.overflow = next.as_u64();
        Ok(outcome)
    }
}
