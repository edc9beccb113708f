use sha2::{Digest as _, Sha256};

use super::Rejection;

/// An idempotency key. It holds only the SHA-256 of the text, which can have any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(Vec<u8>);

impl IdempotencyKey {
    /// Creates a key.
    ///
    /// # Errors
    /// [`Rejection::MissingIdempotencyKey`] if the text is blank.
    pub(crate) fn new(text: &str) -> Result<Self, Rejection> {
        if text.trim().is_empty() {
            return Err(Rejection::MissingIdempotencyKey);
        }
        Ok(Self(Sha256::digest(text.as_bytes()).to_vec()))
    }

    /// Returns the 32 bytes of the hash.
    pub(crate) fn hash(&self) -> &[u8] {
        &self.0
    }
}
