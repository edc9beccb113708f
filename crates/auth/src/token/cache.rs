//! A bounded cache of verified tokens (AUTH-1). A lookup is much cheaper than a signature.
//!
//! A hit is as safe as a verification. The cache compares the whole token. An entry is valid until
//! the `exp` of the token, for five minutes at most, while the keys of its issuer are unchanged and
//! valid. The caller checks revocation for each hit. Rejected tokens are not cached, because
//! clients could fill the cache with them.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;

use super::VerifiedToken;

/// The maximum age of an entry, the same as the refresh interval of key sets.
const MAX_AGE: Duration = Duration::from_secs(300);
/// Number of shards, so that cores rarely wait for a lock.
const SHARDS: usize = 16;

/// Two generations of entries. A used entry moves to the newer one. When the newer one is full, it
/// replaces the older one.
#[derive(Default)]
struct Shard {
    newer: HashMap<Key, Entry, IdentityBuildHasher>,
    older: HashMap<Key, Entry, IdentityBuildHasher>,
}

/// The keyed hash of the end of a token. The cache also compares the whole token.
type Key = u64;

/// The number of hashed bytes at the end of a token. They are part of the signature, so they differ
/// between tokens.
const HASHED_SUFFIX: usize = 32;

/// Builds hashers that return the key, which is a hash already.
#[derive(Clone, Copy, Default)]
struct IdentityBuildHasher;

struct IdentityHasher(u64);

struct Entry {
    token: Box<[u8]>,
    verified: Arc<VerifiedToken>,
    until: SystemTime,
    generation: u64,
}

pub(crate) struct VerifiedCache {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    /// The maximum number of entries in one generation of one shard.
    capacity: usize,
}

impl VerifiedCache {
    /// Creates a cache of at most `entries` tokens. With 0 it caches nothing.
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
            .hash_one(token.last_chunk::<HASHED_SUFFIX>().map_or(token, |end| end))
    }

    fn shard(&self, key: Key) -> Option<&Mutex<Shard>> {
        // Use the upper bits, because the map uses the lower ones.
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
            return entry.verified_for(token, generation, now);
        }
        // Do not remove an entry of another token with the same key.
        let verified = shard
            .older
            .get(&key)?
            .verified_for(token, generation, now)?;
        let entry = shard.older.remove(&key)?;
        self.insert_into(&mut shard, key, entry);
        Some(verified)
    }

    pub(crate) fn insert(
        &self,
        token: &[u8],
        verified: &Arc<VerifiedToken>,
        generation: u64,
        now: SystemTime,
    ) {
        let Some(max_until) = now.checked_add(MAX_AGE).filter(|_| self.capacity > 0) else {
            return;
        };
        let key = self.key(token);
        let entry = Entry {
            token: token.into(),
            verified: Arc::clone(verified),
            until: verified.expires_at().min(max_until),
            generation,
        };
        if let Some(shard) = self.shard(key) {
            self.insert_into(&mut shard.lock(), key, entry);
        }
    }

    fn insert_into(&self, shard: &mut Shard, key: Key, entry: Entry) {
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
    fn verified_for(
        &self,
        token: &[u8],
        generation: u64,
        now: SystemTime,
    ) -> Option<Arc<VerifiedToken>> {
        let is_hit = self.generation == generation
            && now < self.until
            && *self.token == *token
            && self.verified.has_valid_keys(now);
        is_hit.then(|| Arc::clone(&self.verified))
    }
}

impl std::hash::BuildHasher for IdentityBuildHasher {
    type Hasher = IdentityHasher;

    fn build_hasher(&self) -> IdentityHasher {
        IdentityHasher(0)
    }
}

impl std::hash::Hasher for IdentityHasher {
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
    fn expired_tokens_are_misses_auth_1() {
        let cache = VerifiedCache::new(100);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let soon = verified_until(now + Duration::from_secs(10));
        cache.insert(b"a", &soon, 0, now);
        assert!(cache.get(b"a", 0, now + Duration::from_secs(9)).is_some());
        assert!(cache.get(b"a", 0, now + Duration::from_secs(10)).is_none());
        let late = verified_until(now + Duration::from_secs(100_000));
        cache.insert(b"b", &late, 0, now);
        assert!(cache.get(b"b", 0, now + MAX_AGE / 2).is_some());
        assert!(cache.get(b"b", 0, now + MAX_AGE).is_none());
    }

    #[test]
    fn changed_keys_and_other_tokens_are_misses_auth_1() {
        let cache = VerifiedCache::new(100);
        let now = SystemTime::UNIX_EPOCH;
        let verified = verified_until(now + Duration::from_secs(10));
        cache.insert(b"a", &verified, 7, now);
        assert!(cache.get(b"a", 8, now).is_none());
        assert!(cache.get(b"b", 7, now).is_none());
        assert!(cache.get(b"a", 7, now).is_some());
    }

    #[test]
    fn token_with_same_suffix_is_a_miss_auth_1() {
        let cache = VerifiedCache::new(2 * u32::try_from(SHARDS).unwrap());
        let now = SystemTime::UNIX_EPOCH;
        let verified = verified_until(now + Duration::from_secs(10));
        let signature = "s".repeat(2 * HASHED_SUFFIX);
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
    fn size_is_bounded_and_used_entries_stay_auth_1() {
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
