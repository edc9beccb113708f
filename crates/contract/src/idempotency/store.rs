use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use seaworthy_core::Error;

/// A key of one caller: two callers who choose the same key do not meet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScopedKey(pub(super) String);

impl ScopedKey {
    /// A key whose text already says whose it is: for tests of stores.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As text, for stores.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The SHA-256 of method, path, query, media type and body: tells a repeat from another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// An answer that is given again to a repeat.
#[derive(Debug, Clone)]
pub struct RecordedAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers that describe the body; those of the connection and the request are not repeated.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// What a store knows of a key.
#[derive(Debug, Clone)]
pub enum Begun {
    /// Nothing: the caller runs the request and must finish or abandon it with this token.
    New(u64),
    /// The request is running.
    Running,
    /// The request was answered.
    Answered(RecordedAnswer),
    /// The key belongs to another request.
    Mismatch,
}

/// A future of a store.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Remembers the answers of keyed requests.
pub trait IdempotencyStore: Send + Sync + 'static {
    /// Takes a key for `run`, or tells why not. Must be atomic: of two callers at once one gets [`Begun::New`].
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        run: Duration,
    ) -> StoreFuture<'a, Begun>;

    /// Keeps the answer for `keep`, unless another has taken the key since.
    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        answer: RecordedAnswer,
        keep: Duration,
    ) -> StoreFuture<'a, ()>;

    /// Gives the key back without an answer. Not a future: it is called also where a request is dropped; a store that must wait does so in a
    /// task of its own, and the end of `run` covers its failure.
    fn abandon(&self, key: &ScopedKey, token: u64);
}
