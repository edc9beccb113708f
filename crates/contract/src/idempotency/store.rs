use std::{any::Any, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use seaworthy_core::Error;
use sha2::{Digest as _, Sha256};

/// A key of one caller. Equal keys of two callers are different.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScopedKey {
    pub(super) text: Arc<str>,
    pub(super) owner: Arc<str>,
}

impl ScopedKey {
    /// Creates a key whose text identifies its caller, for tests of stores.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            owner: Arc::default(),
        }
    }

    /// Sets the owner, for tests of stores.
    #[must_use]
    pub fn with_owner(mut self, owner: &str) -> Self {
        self.owner = owner.into();
        self
    }

    /// Returns the owner, whose keys share one part of the store: the actor, or the address of an
    /// anonymous caller. At most 64 characters.
    #[must_use]
    pub fn owner(&self) -> &Arc<str> {
        &self.owner
    }

    /// Returns the key as text, for stores in memory.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the SHA-256 of the text in hexadecimal digits, for stores outside of the process.
    /// The text may contain credentials.
    #[must_use]
    pub fn digest(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The SHA-256 of method, path, query, media type and body. It distinguishes repeats from other
/// requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// A response for repeats.
#[derive(Debug, Clone)]
pub struct RecordedResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers that describe the body, without those of the connection and the request.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl RecordedResponse {
    /// Returns the headers for stores outside of the process: one per line, as on the wire. Names
    /// and values contain no line feeds.
    #[must_use]
    pub fn header_lines(&self) -> Vec<u8> {
        self.headers
            .iter()
            .flat_map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"])
            .flatten()
            .copied()
            .collect()
    }

    /// Creates a response from its status, its [`header_lines`](Self::header_lines) and its body.
    /// Returns `None` if the status is not valid.
    #[must_use]
    pub fn from_parts(status: u16, header_lines: &[u8], body: Bytes) -> Option<Self> {
        let headers = header_lines
            .split(|byte| *byte == b'\n')
            .filter_map(|line| {
                let colon = line.iter().position(|byte| *byte == b':')?;
                let (name, value) = line.split_at_checked(colon)?;
                let name = HeaderName::from_bytes(name).ok()?;
                let value = HeaderValue::from_bytes(value.strip_prefix(b": ")?).ok()?;
                Some((name, value))
            });
        Some(Self {
            status: StatusCode::from_u16(status).ok()?,
            headers: headers.collect(),
            body,
        })
    }
}

/// The state of a key in a store.
#[derive(Debug, Clone)]
pub enum KeyState {
    /// The key was new and is claimed. The caller runs the request, and must finish or settle it
    /// with this token.
    Claimed(u64),
    /// The request is running.
    Running,
    /// The request has a response.
    Completed(RecordedResponse),
    /// The request took effect, and its response was not stored.
    ResponseNotStored,
    /// The request ran, and whether it took effect is unknown.
    OutcomeUnknown,
    /// The key belongs to another request.
    Mismatch,
}

/// How long a key is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// The time limit of the call. A call that has not ended by then is lost.
    pub timeout: Duration,
    /// How long the outcome of the call is stored.
    pub ttl: Duration,
}

/// The outcome of a call without a response for repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// It changed nothing, so a repeat runs.
    Unchanged,
    /// It failed and reported no change. A store that records changes itself can determine whether
    /// the call took effect. Other stores treat it like [`Unknown`](Self::Unknown).
    Failed,
    /// It may have changed something.
    Unknown,
    /// It took effect.
    Changed,
}

/// A future of a store.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Stores the responses of requests with keys. [`conformance`](super::conformance) checks
/// implementations.
pub trait IdempotencyStore: Send + Sync + 'static {
    /// Claims a key if it is new, and returns its state. Must be atomic: of two concurrent callers
    /// one gets [`KeyState::Claimed`]. A call that has not ended within `timeout` is
    /// [`KeyState::OutcomeUnknown`] for `ttl`, unless the store has its outcome.
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        lifetimes: Lifetimes,
    ) -> StoreFuture<'a, KeyState>;

    /// Stores the response for `ttl`, unless another call has claimed the key since. If the store
    /// has no room for it, the state becomes [`KeyState::ResponseNotStored`].
    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        response: RecordedResponse,
        ttl: Duration,
    ) -> StoreFuture<'a, ()>;

    /// Ends a call without a response for repeats. Its outcome is stored for `ttl`. The key of a
    /// call that changed nothing is free again.
    fn settle<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        outcome: CallOutcome,
        ttl: Duration,
    ) -> StoreFuture<'a, ()>;

    /// Returns the participant that a database finds in the
    /// [`Effects`](seaworthy_core::effects::Effects) of the call. It records in its own
    /// transactions that the call took effect.
    fn participant(&self, _key: &ScopedKey, _token: u64) -> Option<Box<dyn Any + Send + Sync>> {
        None
    }
}
