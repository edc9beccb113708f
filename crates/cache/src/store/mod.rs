//! Where entries are: two stores with the same three steps.

mod memory;
mod redis;

use std::time::Duration;

use futures::future::BoxFuture;
use seaworthy_redis::RedisError;

pub(crate) use self::{memory::MemoryStore, redis::RedisStore};

/// Who has found nothing may write what it found at the source, while this still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) u64);

/// What a store has under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Entry(Vec<u8>),
    /// Nothing; the token is of no use where another already fetches the entry.
    Nothing(Token),
}

/// How long a token stands: longer than a source takes that is worth caching.
pub(crate) const TOKEN_STANDS: Duration = Duration::from_secs(10);

pub(crate) trait Store: Send + Sync + std::fmt::Debug {
    /// Reads an entry, and leaves a token where there is none.
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Found, RedisError>>;

    /// Writes an entry if its token still stands.
    fn fill<'a>(
        &'a self,
        key: &'a str,
        token: Token,
        entry: Vec<u8>,
        keep: Duration,
    ) -> BoxFuture<'a, Result<bool, RedisError>>;

    /// Removes an entry and every token.
    fn forget<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), RedisError>>;

    /// Whether it is there.
    fn check(&self) -> BoxFuture<'_, Result<(), RedisError>>;
}
