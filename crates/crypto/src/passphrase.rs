use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{
    digest,
    rand::{SecureRandom as _, SystemRandom},
};
use seaworthy_core::Secret;

use crate::{CryptoError, aead::KEY_LENGTH};

/// The memory of Argon2id, in KiB: the second recommendation of RFC 9106, section 4. A derivation
/// runs once, at start.
const MEMORY_KIBIBYTES: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// Minimum length of a passphrase, in bytes: five words of a list of 7776. Shorter is guessable.
const MIN_LENGTH: usize = 20;
/// Length of a salt, in bytes (RFC 9106, section 3.1).
const SALT_LENGTH: usize = 16;

/// The salt of a passphrase. It is not secret. Store it with the configuration, because the key is
/// lost without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassphraseSalt([u8; SALT_LENGTH]);

impl PassphraseSalt {
    /// Generates a salt.
    ///
    /// # Errors
    /// The operating system provides no random bytes.
    pub fn generate() -> Result<Self, CryptoError> {
        let mut bytes = [0; SALT_LENGTH];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| CryptoError::Random)?;
        Ok(Self(bytes))
    }

    /// Creates a salt from bytes.
    #[must_use]
    pub const fn new(bytes: [u8; SALT_LENGTH]) -> Self {
        Self(bytes)
    }

    /// Creates a salt from a text of a configuration, by its SHA-256.
    ///
    /// # Errors
    /// The text has fewer than 16 bytes.
    pub fn from_text(text: &str) -> Result<Self, CryptoError> {
        if text.len() < SALT_LENGTH {
            return Err(CryptoError::Key("the salt has fewer than 16 bytes"));
        }
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        let mut bytes = [0; SALT_LENGTH];
        bytes
            .iter_mut()
            .zip(hash.as_ref())
            .for_each(|(byte, hashed)| *byte = *hashed);
        Ok(Self(bytes))
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; SALT_LENGTH] {
        &self.0
    }
}

/// Derives a key-encryption key from a passphrase by Argon2id (RFC 9106). Blocks the calling thread
/// for some hundred milliseconds and takes 64 MiB.
///
/// # Errors
/// The passphrase has fewer than 20 bytes.
pub fn key_from_passphrase(
    passphrase: &Secret<String>,
    salt: PassphraseSalt,
) -> Result<Secret<[u8; KEY_LENGTH]>, CryptoError> {
    if passphrase.expose().len() < MIN_LENGTH {
        return Err(CryptoError::Key("the passphrase has fewer than 20 bytes"));
    }
    let out_of_range = |_| CryptoError::Key("the parameters of Argon2id are out of range");
    let params = Params::new(MEMORY_KIBIBYTES, PASSES, LANES, Some(KEY_LENGTH));
    let argon = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        params.map_err(out_of_range)?,
    );
    let mut key = [0; KEY_LENGTH];
    argon
        .hash_password_into(passphrase.expose().as_bytes(), &salt.0, &mut key)
        .map_err(out_of_range)?;
    Ok(Secret::new(key))
}
