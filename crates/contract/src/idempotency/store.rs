use std::{any::Any, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use seaworthy_core::Error;
use sha2::{Digest as _, Sha256};

/// A key of one caller: two callers who choose the same key do not meet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScopedKey {
    pub(super) text: Arc<str>,
    pub(super) share: Arc<str>,
}

impl ScopedKey {
    /// A key whose text already says whose it is: for tests of stores.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            share: Arc::default(),
        }
    }

    /// The same key in the share of this caller.
    #[must_use]
    pub fn in_share(mut self, share: &str) -> Self {
        self.share = share.into();
        self
    }

    /// Whose share of the store it takes: the actor, or the address of a caller who is not authenticated, as at most 64 characters.
    #[must_use]
    pub fn share(&self) -> &Arc<str> {
        &self.share
    }

    /// As text, for stores in memory.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The SHA-256 of the text in hexadecimal digits, for stores outside of the process: the text may hold the caller's credentials.
    #[must_use]
    pub fn digest(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
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

impl RecordedAnswer {
    /// The headers as stores outside of the process keep them: one a line, as on the wire, since neither names nor values have line feeds.
    #[must_use]
    pub fn header_lines(&self) -> Vec<u8> {
        self.headers
            .iter()
            .flat_map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"])
            .flatten()
            .copied()
            .collect()
    }

    /// The answer that a store kept: its status, its [`header_lines`](Self::header_lines) and its body; `None` where the status is none.
    #[must_use]
    pub fn restored(status: u16, header_lines: &[u8], body: Bytes) -> Option<Self> {
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

/// What a store knows of a key.
#[derive(Debug, Clone)]
pub enum Begun {
    /// Nothing: the caller runs the request, and must finish or settle it with this token.
    New(u64),
    /// The request is running.
    Running,
    /// The request was answered.
    Answered(RecordedAnswer),
    /// The request took effect, and there is no answer to give again.
    Done,
    /// The request ran, and whether it took effect is unknown.
    Unknown,
    /// The key belongs to another request.
    Mismatch,
}

/// How long a call may run, and how long is kept what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// After this a call that did not end is not running any more.
    pub run: Duration,
    /// How long its outcome is kept.
    pub keep: Duration,
}

/// How a call ended that has no answer for repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It changed nothing: a repeat runs.
    NotDone,
    /// It failed, and no change was reported. A store that records changes itself knows more; for the others it is [`Unknown`](Self::Unknown).
    Unproven,
    /// It may have changed something.
    Unknown,
    /// It took effect.
    Done,
}

/// A future of a store.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Remembers the answers of keyed requests.
pub trait IdempotencyStore: Send + Sync + 'static {
    /// Takes a key, or tells why not. Must be atomic: of two callers at once one gets [`Begun::New`]. A call that did not end within `run` is [`Begun::Unknown`] for `keep`,
    /// unless the store knows what it did.
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        times: Times,
    ) -> StoreFuture<'a, Begun>;

    /// Keeps the answer for `keep`, unless another has taken the key since. An answer that finds no room leaves [`Begun::Done`].
    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        answer: RecordedAnswer,
        keep: Duration,
    ) -> StoreFuture<'a, ()>;

    /// Ends a call that has no answer for repeats. What is known of it is kept for `keep`; a key of a call that changed nothing is free again.
    fn settle<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        ending: Ending,
        keep: Duration,
    ) -> StoreFuture<'a, ()>;

    /// What a database looks for in the [`Effects`](seaworthy_core::effects::Effects) of the call, to record in its own transactions that the call took effect.
    fn participant(&self, _key: &ScopedKey, _token: u64) -> Option<Box<dyn Any + Send + Sync>> {
        None
    }
}
