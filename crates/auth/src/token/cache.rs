//! Tokens that were verified already (AUTH-1): a signature costs 3 to 90 µs, looking one up less than half of one.
//!
//! Bounded, and made so that a hit proves as much as a verification: the whole token is compared; it is forgotten at its `exp`, after a few minutes in any case, when
//! the keys of its issuer changed, and when those it was checked with are too old to be believed. Whether it was revoked is asked at every use, by whoever holds the hit.
//! Refused tokens are not kept: a caller could fill the cache with them.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;

use super::VerifiedToken;

/// A token is checked again this long after it was checked, whatever it says: as long as a key set may be out of date.
const LONGEST: Duration = Duration::from_secs(300);
/// So many locks that cores seldom meet at one.
const SHARDS: usize = 16;

/// Two generations for each shard: what was used since the last change is in the newer one, and the older one is dropped whole.
#[derive(Default)]
struct Shard {
    newer: HashMap<Key, Entry, Whole>,
    older: HashMap<Key, Entry, Whole>,
}

/// The keyed hash of the end of a token; the token itself is compared besides.
type Key = u64;

/// A token ends in its signature, so this much of it, 24 bytes before base64, is as good as random and tells tokens apart; more would only be more to hash.
const HASHED_END: usize = 32;

/// The key is a hash already.
#[derive(Clone, Copy, Default)]
struct Whole;

struct WholeHasher(u64);

struct Entry {
    token: Box<[u8]>,
    verified: Arc<VerifiedToken>,
    until: SystemTime,
    generation: u64,
}

pub(crate) struct VerifiedCache {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    /// Of one generation of one shard.
    capacity: usize,
}

impl VerifiedCache {
    /// Keeps at most `entries` tokens; none with 0.
    pub(crate) fn new(entries: u32) -> Self {
        let each = usize::try_from(entries).unwrap_or(usize::MAX) / (2 * SHARDS);
        Self {
            shards: Default::default(),
            hasher: RandomState::new(),
            capacity: if entries == 0 { 0 } else { each.max(1) },
        }
    }

    fn key(&self, token: &[u8]) -> Key {
        self.hasher
            .hash_one(token.last_chunk::<HASHED_END>().map_or(token, |end| end))
    }

    fn shard(&self, key: Key) -> Option<&Mutex<Shard>> {
        // The upper bits: the map itself uses the lower ones.
        let index = usize::try_from(key >> 60).unwrap_or_default();
        self.shards.get(index)
    }

    pub(crate) fn get(
        &self,
        token: &[u8],
        generation: u64,
        now: SystemTime,
    ) -> Option<Arc<VerifiedToken>> {
        if self.capacity == 0 {
            return None;
        }
        let key = self.key(token);
        let mut shard = self.shard(key)?.lock();
        if let Some(entry) = shard.newer.get(&key) {
            return entry.holds(token, generation, now);
        }
        // One that is not found does not take away another's.
        let verified = shard.older.get(&key)?.holds(token, generation, now)?;
        let entry = shard.older.remove(&key)?;
        self.keep(&mut shard, key, entry);
        Some(verified)
    }

    pub(crate) fn insert(
        &self,
        token: &[u8],
        verified: &Arc<VerifiedToken>,
        generation: u64,
        now: SystemTime,
    ) {
        let Some(longest) = now.checked_add(LONGEST).filter(|_| self.capacity > 0) else {
            return;
        };
        let key = self.key(token);
        let entry = Entry {
            token: token.into(),
            verified: Arc::clone(verified),
            until: verified.until().min(longest),
            generation,
        };
        if let Some(shard) = self.shard(key) {
            self.keep(&mut shard.lock(), key, entry);
        }
    }

    fn keep(&self, shard: &mut Shard, key: Key, entry: Entry) {
        if shard.newer.len() >= self.capacity {
            shard.older = std::mem::take(&mut shard.newer);
        }
        shard.newer.insert(key, entry);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let lengths = self.shards.iter().map(|shard| {
            let shard = shard.lock();
            shard.newer.len() + shard.older.len()
        });
        lengths.sum()
    }
}

impl Entry {
    fn holds(&self, token: &[u8], generation: u64, now: SystemTime) -> Option<Arc<VerifiedToken>> {
        let holds = self.generation == generation
            && now < self.until
            && *self.token == *token
            && self.verified.has_valid_keys(now);
        holds.then(|| Arc::clone(&self.verified))
    }
}

impl std::hash::BuildHasher for Whole {
    type Hasher = WholeHasher;

    fn build_hasher(&self) -> WholeHasher {
        WholeHasher(0)
    }
}

impl std::hash::Hasher for WholeHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl std::fmt::Debug for VerifiedCache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("VerifiedCache")
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::verified_until, *};

    #[test]
    fn a_token_is_forgotten_when_its_time_is_over_auth_1() {
        let cache = VerifiedCache::new(100);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let soon = verified_until(now + Duration::from_secs(10));
        cache.insert(b"a", &soon, 0, now);
        assert!(cache.get(b"a", 0, now + Duration::from_secs(9)).is_some());
        assert!(cache.get(b"a", 0, now + Duration::from_secs(10)).is_none());
        let late = verified_until(now + Duration::from_secs(100_000));
        cache.insert(b"b", &late, 0, now);
        assert!(cache.get(b"b", 0, now + LONGEST / 2).is_some());
        assert!(cache.get(b"b", 0, now + LONGEST).is_none());
    }

    #[test]
    fn other_keys_and_other_tokens_are_misses_auth_1() {
        let cache = VerifiedCache::new(100);
        let now = SystemTime::UNIX_EPOCH;
        let verified = verified_until(now + Duration::from_secs(10));
        cache.insert(b"a", &verified, 7, now);
        assert!(cache.get(b"a", 8, now).is_none());
        assert!(cache.get(b"b", 7, now).is_none());
        assert!(cache.get(b"a", 7, now).is_some());
    }

    #[test]
    fn a_token_that_ends_as_another_is_a_miss_and_takes_nothing_away_auth_1() {
        let cache = VerifiedCache::new(2 * u32::try_from(SHARDS).unwrap());
        let now = SystemTime::UNIX_EPOCH;
        let verified = verified_until(now + Duration::from_secs(10));
        let signature = "s".repeat(2 * HASHED_END);
        let (own, forged) = (format!("own.{signature}"), format!("forged.{signature}"));
        assert_eq!(cache.key(own.as_bytes()), cache.key(forged.as_bytes()));
        cache.insert(own.as_bytes(), &verified, 0, now);
        for _ in 0..3 {
            assert!(cache.get(forged.as_bytes(), 0, now).is_none());
            assert!(cache.get(own.as_bytes(), 0, now).is_some());
        }
        let shard = cache.shard(cache.key(own.as_bytes())).unwrap();
        let mut shard = shard.lock();
        shard.older = std::mem::take(&mut shard.newer);
        drop(shard);
        assert!(cache.get(forged.as_bytes(), 0, now).is_none());
        assert!(cache.get(own.as_bytes(), 0, now).is_some());
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays_auth_1() {
        let cache = VerifiedCache::new(320);
        let now = SystemTime::UNIX_EPOCH;
        let verified = verified_until(now + Duration::from_secs(10));
        cache.insert(b"used", &verified, 0, now);
        for index in 0..100_000 {
            cache.insert(format!("token {index}").as_bytes(), &verified, 0, now);
            assert!(cache.get(b"used", 0, now).is_some());
        }
        assert!(cache.len() <= 320, "{}", cache.len());
        let none = VerifiedCache::new(0);
        none.insert(b"a", &verified, 0, now);
        assert!(none.get(b"a", 0, now).is_none());
    }
}
