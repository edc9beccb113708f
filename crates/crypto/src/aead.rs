//! AES-256-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439) with random nonces.

use std::fmt;

use aws_lc_rs::{
    aead::{
        AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN,
        Nonce, RandomizedNonceKey, UnboundKey,
    },
    error::Unspecified,
    rand,
};
use seaworthy_core::Secret;

use crate::{Algorithm, CryptoError};

/// Length of a key, in bytes.
pub(crate) const KEY_LENGTH: usize = 32;
/// Length of a nonce, in bytes.
pub(crate) const NONCE_LENGTH: usize = NONCE_LEN;
/// Length of a tag, in bytes.
pub(crate) const TAG_LENGTH: usize = 16;

/// A key of one algorithm.
pub(crate) enum Aead {
    Aes(RandomizedNonceKey),
    Other(LessSafeKey),
}

impl Aead {
    pub(crate) fn new(
        algorithm: Algorithm,
        key: &Secret<[u8; KEY_LENGTH]>,
    ) -> Result<Self, CryptoError> {
        let made = match algorithm {
            Algorithm::Aes256Gcm => {
                RandomizedNonceKey::new(&AES_256_GCM, key.expose()).map(Self::Aes)
            }
            Algorithm::ChaCha20Poly1305 => UnboundKey::new(&CHACHA20_POLY1305, key.expose())
                .map(|key| Self::Other(LessSafeKey::new(key))),
        };
        made.map_err(|_| CryptoError::Key("it does not have 32 bytes"))
    }

    /// Encrypts and returns nonce, ciphertext and tag, concatenated.
    pub(crate) fn seal(&self, plain: &[u8], bound: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut text = Vec::with_capacity(plain.len() + TAG_LENGTH);
        text.extend_from_slice(plain);
        let nonce = self
            .seal_in_place(bound, &mut text)
            .map_err(|_| CryptoError::Random)?;
        let mut sealed = Vec::with_capacity(NONCE_LENGTH + text.len());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut text);
        Ok(sealed)
    }

    fn seal_in_place(
        &self,
        bound: &[u8],
        text: &mut Vec<u8>,
    ) -> Result<[u8; NONCE_LENGTH], Unspecified> {
        match self {
            Self::Aes(key) => {
                let nonce = key.seal_in_place_append_tag(Aad::from(bound), text)?;
                Ok(*nonce.as_ref())
            }
            Self::Other(key) => {
                let mut nonce = [0; NONCE_LENGTH];
                rand::fill(&mut nonce)?;
                let once = Nonce::assume_unique_for_key(nonce);
                key.seal_in_place_append_tag(once, Aad::from(bound), text)?;
                Ok(nonce)
            }
        }
    }

    /// Decrypts, if neither the ciphertext nor the context was changed.
    pub(crate) fn open(&self, sealed: &[u8], bound: &[u8]) -> Result<Secret<Vec<u8>>, CryptoError> {
        let (nonce, text) = sealed
            .split_at_checked(NONCE_LENGTH)
            .ok_or(CryptoError::Malformed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CryptoError::Malformed)?;
        // Decrypt in place. The cipher wipes the buffer on failure.
        let mut text = text.to_vec();
        let opened = match self {
            Self::Aes(key) => key.open_in_place(nonce, Aad::from(bound), &mut text),
            Self::Other(key) => key.open_in_place(nonce, Aad::from(bound), &mut text),
        };
        let length = opened.map_err(|_| CryptoError::DecryptionFailed)?.len();
        text.truncate(length);
        Ok(Secret::new(text))
    }
}

/// Decrypts nonce, ciphertext and tag of AES-GCM with a key of 16, 24 or 32 bytes.
#[cfg(feature = "data")]
pub(crate) fn open_aes(
    key: &[u8],
    sealed: &[u8],
    bound: &[u8],
) -> Result<Secret<Vec<u8>>, CryptoError> {
    let algorithm = match key.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        _ => &AES_256_GCM,
    };
    let key = UnboundKey::new(algorithm, key);
    let key = key.map_err(|_| CryptoError::Key("it does not have 16, 24 or 32 bytes"))?;
    Aead::Other(LessSafeKey::new(key)).open(sealed, bound)
}

impl fmt::Debug for Aead {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Aead(***)")
    }
}

#[cfg(test)]
mod tests;
