use std::{fmt, future::Future, pin::Pin, sync::Arc};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use seaworthy_core::Secret;

use crate::{CryptoError, KeyId, aead::KEY_LENGTH};

/// A key that encrypts values. It exists in the open only in memory.
pub struct DataKey(Secret<[u8; KEY_LENGTH]>);

/// A data key as it is stored: encrypted by the key-encryption key of this name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WrappedKey {
    /// The name of the key-encryption key.
    pub key_id: KeyId,
    /// The data key, encrypted.
    pub bytes: Arc<[u8]>,
}

impl WrappedKey {
    /// Finds out now what could not be stored later.
    pub(crate) fn checked(self) -> Result<Self, CryptoError> {
        if u16::try_from(self.bytes.len()).is_ok() {
            Ok(self)
        } else {
            Err(CryptoError::Key("its wrapped form is too long"))
        }
    }
}

/// An answer of who holds the key-encryption keys.
pub type WrapFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, CryptoError>> + Send + 'a>>;

/// Who holds the key-encryption keys: a keyring in this process, or a service elsewhere.
pub trait WrapKeys: Send + Sync + 'static {
    /// Encrypts a data key by the key-encryption key in use.
    fn wrap<'a>(&'a self, key: &'a DataKey) -> WrapFuture<'a, WrappedKey>;

    /// Decrypts a data key.
    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, DataKey>;

    /// Encrypts a data key anew by the key-encryption key in use; `None` where it is by that one already.
    fn rewrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, Option<WrappedKey>>;

    /// Has a new key-encryption key, or a new version of it, made and used from now on. Only who makes keys can; the others are rotated where their keys are set.
    fn rotate(&self) -> WrapFuture<'_, ()> {
        Box::pin(std::future::ready(Err(CryptoError::NotRotated)))
    }

    /// Whether a data key that was wrapped some minutes ago may go on being used: `false` once another key-encryption key is in use. Who would have to ask somebody for it says `true`, and rotates
    /// with a wait.
    fn is_current(&self, wrapped: &WrappedKey) -> bool {
        let _ = wrapped;
        true
    }
}

impl DataKey {
    /// A new key.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        let mut bytes = [0; KEY_LENGTH];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| CryptoError::Random)?;
        Ok(Self(Secret::new(bytes)))
    }

    /// A key that was unwrapped.
    ///
    /// # Errors
    /// It is not as long as a key.
    pub fn from_bytes(bytes: &Secret<Vec<u8>>) -> Result<Self, CryptoError> {
        <[u8; KEY_LENGTH]>::try_from(bytes.expose().as_slice())
            .map(|bytes| Self(Secret::new(bytes)))
            .map_err(|_| CryptoError::DoesNotOpen)
    }

    /// The key. Keep the borrow short.
    #[must_use]
    pub fn expose(&self) -> &Secret<[u8; KEY_LENGTH]> {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKey(***)")
    }
}
