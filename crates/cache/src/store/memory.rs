use std::time::{Duration, Instant};

use futures::future::{BoxFuture, ready};
use moka::{Expiry, ops::compute::Op, sync::Cache};
use seaworthy_core::ByteSize;
use seaworthy_redis::RedisError;

use super::{Found, Store, TOKEN_TTL, Token};

/// The estimated memory of an entry in addition to its key and its value, in bytes.
const ENTRY_COST: usize = 128;

/// Entries in the memory of the process. When it is full, it evicts the least used entries.
#[derive(Debug)]
pub(crate) struct MemoryStore(Cache<String, Value>);

#[derive(Debug, Clone)]
enum Value {
    Entry(Vec<u8>, Duration),
    Token(Token),
}

/// Expires each value after its own time to live.
struct ValueExpiry;

impl Expiry<String, Value> for ValueExpiry {
    fn expire_after_create(&self, _: &String, value: &Value, _: Instant) -> Option<Duration> {
        Some(match value {
            Value::Entry(_, ttl) => *ttl,
            Value::Token(_) => TOKEN_TTL,
        })
    }

    fn expire_after_update(
        &self,
        key: &String,
        value: &Value,
        at: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, value, at)
    }
}

impl MemoryStore {
    pub(crate) fn new(max_memory: ByteSize) -> Self {
        let weigh = |key: &String, value: &Value| {
            let bytes = match value {
                Value::Entry(bytes, _) => bytes.len(),
                Value::Token(_) => 0,
            };
            u32::try_from(key.len() + bytes + ENTRY_COST).unwrap_or(u32::MAX)
        };
        Self(
            Cache::builder()
                .max_capacity(max_memory.get())
                .weigher(weigh)
                .expire_after(ValueExpiry)
                .build(),
        )
    }
}

impl Store for MemoryStore {
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Found, RedisError>> {
        let new = Token(seaworthy_core::new_id().as_u64_pair().1);
        let value = match self.0.get(key) {
            Some(value) => value,
            None => self
                .0
                .entry_by_ref(key)
                .or_insert(Value::Token(new))
                .into_value(),
        };
        Box::pin(ready(Ok(match value {
            Value::Entry(bytes, _) => Found::Entry(bytes),
            Value::Token(token) if token == new => Found::Nothing(token),
            // Another caller loads the entry. The new token is invalid.
            Value::Token(_) => Found::Nothing(new),
        })))
    }

    fn fill<'a>(
        &'a self,
        key: &'a str,
        token: Token,
        entry: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, RedisError>> {
        let mut was_filled = false;
        self.0.entry_by_ref(key).and_compute_with(|value| {
            match value.map(moka::Entry::into_value) {
                Some(Value::Token(valid)) if valid == token => {
                    was_filled = true;
                    Op::Put(Value::Entry(entry, ttl))
                }
                _ => Op::Nop,
            }
        });
        Box::pin(ready(Ok(was_filled)))
    }

    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), RedisError>> {
        self.0.invalidate(key);
        Box::pin(ready(Ok(())))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), RedisError>> {
        Box::pin(ready(Ok(())))
    }
}
