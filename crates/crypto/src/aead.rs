//! AES-256-GCM with random nonces (NIST SP 800-38D).

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use seaworthy_core::Secret;

use crate::CryptoError;

/// Bytes of a key.
pub(crate) const KEY_LENGTH: usize = 32;
/// Bytes of a nonce.
pub(crate) const NONCE_LENGTH: usize = NONCE_LEN;
/// Bytes of a tag.
pub(crate) const TAG_LENGTH: usize = 16;

/// An AES-256-GCM key.
pub(crate) struct Aead(RandomizedNonceKey);

impl Aead {
    pub(crate) fn new(key: &Secret<[u8; KEY_LENGTH]>) -> Result<Self, CryptoError> {
        RandomizedNonceKey::new(&AES_256_GCM, key.expose())
            .map(Self)
            .map_err(|_| CryptoError::Key("it is not an AES-256-GCM key"))
    }

    /// Encrypts and returns nonce, ciphertext and tag, concatenated.
    pub(crate) fn seal(&self, plain: &[u8], bound: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut text = Vec::with_capacity(plain.len() + TAG_LENGTH);
        text.extend_from_slice(plain);
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(bound), &mut text)
            .map_err(|_| CryptoError::Random)?;
        let mut sealed = Vec::with_capacity(NONCE_LENGTH + text.len());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Decrypts, if neither the ciphertext nor the context was changed.
    pub(crate) fn open(&self, sealed: &[u8], bound: &[u8]) -> Result<Secret<Vec<u8>>, CryptoError> {
        let (nonce, text) = sealed
            .split_at_checked(NONCE_LENGTH)
            .ok_or(CryptoError::Malformed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CryptoError::Malformed)?;
        // Decrypted in place. The cipher wipes it on failure.
        let mut text = text.to_vec();
        let length = self
            .0
            .open_in_place(nonce, Aad::from(bound), &mut text)
            .map_err(|_| CryptoError::DoesNotOpen)?
            .len();
        text.truncate(length);
        Ok(Secret::new(text))
    }
}

impl fmt::Debug for Aead {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Aead(***)")
    }
}

#[cfg(test)]
mod tests;
