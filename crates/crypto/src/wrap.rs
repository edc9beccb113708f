use std::{fmt, future::Future, pin::Pin, sync::Arc};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use seaworthy_core::Secret;

use crate::{Algorithm, CryptoError, KeyId, aead::KEY_LENGTH};

/// A key that encrypts values. Only memory contains it in plain form.
pub struct DataKey(Secret<[u8; KEY_LENGTH]>);

/// A data key in its stored form, encrypted by a key-encryption key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WrappedKey {
    /// The name of the key-encryption key.
    pub key_id: KeyId,
    /// The encrypted data key.
    pub bytes: Arc<[u8]>,
}

impl WrappedKey {
    /// Checks that the wrapped key can be stored.
    pub(crate) fn checked(self) -> Result<Self, CryptoError> {
        if u16::try_from(self.bytes.len()).is_ok() {
            Ok(self)
        } else {
            Err(CryptoError::Key("the wrapped key is too long"))
        }
    }
}

/// A future of a [`WrapKeys`].
pub type WrapFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, CryptoError>> + Send + 'a>>;

/// A holder of key-encryption keys: a keyring in this process, or an external service.
pub trait WrapKeys: Send + Sync + 'static {
    /// Encrypts a data key with the active key-encryption key.
    fn wrap<'a>(&'a self, key: &'a DataKey) -> WrapFuture<'a, WrappedKey>;

    /// Decrypts a data key.
    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, DataKey>;

    /// Encrypts a data key with the active key-encryption key. Returns `None` if that key wraps it
    /// already.
    fn rewrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, Option<WrappedKey>>;

    /// Creates and activates a new key-encryption key or a new version of it. Holders whose keys
    /// are settings do not support this.
    fn rotate(&self) -> WrapFuture<'_, ()> {
        Box::pin(std::future::ready(Err(CryptoError::NotRotated)))
    }

    /// Returns the cipher of new values.
    fn algorithm(&self) -> Algorithm {
        Algorithm::default()
    }

    /// Returns whether a data key that was wrapped some minutes ago may still be used. It is
    /// `false` after another key-encryption key was activated. A remote holder returns `true`, and
    /// its rotation waits.
    fn is_current(&self, wrapped: &WrappedKey) -> bool {
        let _ = wrapped;
        true
    }
}

impl DataKey {
    /// Generates a key.
    ///
    /// # Errors
    /// The operating system provides no random bytes.
    pub fn generate() -> Result<Self, CryptoError> {
        let mut bytes = [0; KEY_LENGTH];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| CryptoError::Random)?;
        Ok(Self(Secret::new(bytes)))
    }

    /// Creates a key from unwrapped bytes.
    ///
    /// # Errors
    /// The bytes do not have the length of a key.
    pub fn from_bytes(bytes: &Secret<Vec<u8>>) -> Result<Self, CryptoError> {
        <[u8; KEY_LENGTH]>::try_from(bytes.expose().as_slice())
            .map(|bytes| Self(Secret::new(bytes)))
            .map_err(|_| CryptoError::DecryptionFailed)
    }

    /// Creates a key from a copy of its bytes.
    #[cfg(feature = "data")]
    pub(crate) fn new(bytes: &Secret<[u8; KEY_LENGTH]>) -> Self {
        Self(Secret::new(*bytes.expose()))
    }

    /// Returns the bytes of the key. Keep the borrow short.
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
