use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use seaworthy_core::Error;
use sha2::{Digest as _, Sha256};

/// A key of one caller: two callers who choose the same key do not meet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScopedKey(pub(super) String);

impl ScopedKey {
    /// A key whose text already says whose it is: for tests of stores.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As text, for stores in memory.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The SHA-256 of the text in hexadecimal digits, for stores outside of the process: the text may hold the caller's credentials.
    #[must_use]
    pub fn digest(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
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
