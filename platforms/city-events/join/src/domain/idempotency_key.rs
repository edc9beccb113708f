use sha2::{Digest as _, Sha256};

use super::JoinError;

/// The key of a wish. Any text will do, so its hash is what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(Vec<u8>);

impl IdempotencyKey {
    /// The key of this text.
    pub(crate) fn new(text: &str) -> Result<Self, JoinError> {
        if text.trim().is_empty() {
            return Err(JoinError::KeyRequired);
        }
        Ok(Self(Sha256::digest(text.as_bytes()).to_vec()))
    }

    /// SHA-256 of it.
    pub(crate) fn hash(&self) -> &[u8] {
        &self.0
    }
}
