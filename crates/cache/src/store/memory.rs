use std::time::{Duration, Instant};

use futures::future::{BoxFuture, ready};
use moka::{Expiry, ops::compute::Op, sync::Cache};
use seaworthy_core::ByteSize;
use seaworthy_redis::RedisError;

use super::{Found, Store, TOKEN_STANDS, Token};

/// What an entry costs beside its key and its bytes. An estimate.
const ENTRY_COST: usize = 128;

/// Entries in the memory of the process, bounded in size; those that are used least make room.
#[derive(Debug)]
pub(crate) struct MemoryStore(Cache<String, Slot>);

#[derive(Debug, Clone)]
enum Slot {
    Entry(Vec<u8>, Duration),
    Token(Token),
}

/// Each slot has a time of its own.
struct Times;

impl Expiry<String, Slot> for Times {
    fn expire_after_create(&self, _: &String, slot: &Slot, _: Instant) -> Option<Duration> {
        Some(match slot {
            Slot::Entry(_, keep) => *keep,
            Slot::Token(_) => TOKEN_STANDS,
        })
    }

    fn expire_after_update(
        &self,
        key: &String,
        slot: &Slot,
        at: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, slot, at)
    }
}

impl MemoryStore {
    pub(crate) fn new(memory: ByteSize) -> Self {
        let weigh = |key: &String, slot: &Slot| {
            let bytes = match slot {
                Slot::Entry(bytes, _) => bytes.len(),
                Slot::Token(_) => 0,
            };
            u32::try_from(key.len() + bytes + ENTRY_COST).unwrap_or(u32::MAX)
        };
        Self(
            Cache::builder()
                .max_capacity(memory.get())
                .weigher(weigh)
                .expire_after(Times)
                .build(),
        )
    }
}

impl Store for MemoryStore {
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Found, RedisError>> {
        let new = Token(seaworthy_core::new_id().as_u64_pair().1);
        let slot = match self.0.get(key) {
            Some(slot) => slot,
            None => self
                .0
                .entry_by_ref(key)
                .or_insert(Slot::Token(new))
                .into_value(),
        };
        Box::pin(ready(Ok(match slot {
            Slot::Entry(bytes, _) => Found::Entry(bytes),
            Slot::Token(token) if token == new => Found::Nothing(token),
            // Another's: this one's matches nothing.
            Slot::Token(_) => Found::Nothing(new),
        })))
    }

    fn fill<'a>(
        &'a self,
        key: &'a str,
        token: Token,
        entry: Vec<u8>,
        keep: Duration,
    ) -> BoxFuture<'a, Result<bool, RedisError>> {
        let mut was_filled = false;
        self.0
            .entry_by_ref(key)
            .and_compute_with(|slot| match slot.map(moka::Entry::into_value) {
                Some(Slot::Token(standing)) if standing == token => {
                    was_filled = true;
                    Op::Put(Slot::Entry(entry, keep))
                }
                _ => Op::Nop,
            });
        Box::pin(ready(Ok(was_filled)))
    }

    fn forget<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), RedisError>> {
        self.0.invalidate(key);
        Box::pin(ready(Ok(())))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), RedisError>> {
        Box::pin(ready(Ok(())))
    }
}
