//! The stores of entries: memory and Redis.

mod memory;
mod redis;

use std::time::Duration;

use futures::future::BoxFuture;
use seaworthy_redis::RedisError;

pub(crate) use self::{memory::MemoryStore, redis::RedisStore};

/// Permission to fill a missing entry. It expires after [`TOKEN_TTL`] or on an invalidation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) u64);

/// The result of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Entry(Vec<u8>),
    /// No entry. The token is invalid if another caller already loads the entry.
    Nothing(Token),
}

/// The time to live of a token: longer than any load that is worth caching.
pub(crate) const TOKEN_TTL: Duration = Duration::from_secs(10);

pub(crate) trait Store: Send + Sync + std::fmt::Debug {
    /// Reads an entry. If there is none, stores a new token unless another one is valid.
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Found, RedisError>>;

    /// Stores an entry if its token is valid. Returns whether it did.
    fn fill<'a>(
        &'a self,
        key: &'a str,
        token: Token,
        entry: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, RedisError>>;

    /// Removes an entry and its token.
    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), RedisError>>;

    /// Checks that the store responds.
    fn check(&self) -> BoxFuture<'_, Result<(), RedisError>>;
}
