use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use seaworthy_core::Secret;

use super::Signature;

/// A key that signs manifests: Ed25519, PKCS #8 in Base64.
///
/// ```
/// use seaworthy_plugins::SigningKey;
///
/// let key = SigningKey::generate()?;
/// let signature = key.sign(b"name = \"audit_logger\"");
/// assert!(signature.is_valid_for_any(&[key.public()], b"name = \"audit_logger\""));
/// # Ok::<(), seaworthy_plugins::SigningKeyError>(())
/// ```
pub struct SigningKey {
    pair: Ed25519KeyPair,
    text: Secret<String>,
}

/// Errors of signing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// A key cannot be created.
    #[error("the operating system cannot provide random bytes")]
    NoRandomBytes,
    /// A text is not a key.
    #[error(
        "the signing key is not an Ed25519 key (PKCS #8 in Base64): create one with `plugins key`"
    )]
    Invalid,
}

impl SigningKey {
    /// Creates a key.
    ///
    /// # Errors
    /// The operating system cannot provide random bytes.
    pub fn generate() -> Result<Self, SigningKeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| SigningKeyError::NoRandomBytes)?;
        let document = pair
            .to_pkcs8()
            .map_err(|_| SigningKeyError::NoRandomBytes)?;
        let text = Secret::new(STANDARD.encode(document.as_ref()));
        Ok(Self { pair, text })
    }

    /// Reads the text of a key: PKCS #8 in Base64. White space around it is ignored.
    ///
    /// # Errors
    /// The text is not an Ed25519 key.
    pub fn parse(text: &Secret<String>) -> Result<Self, SigningKeyError> {
        let document = STANDARD.decode(text.expose().trim());
        let document = document.map_err(|_| SigningKeyError::Invalid)?;
        let pair = Ed25519KeyPair::from_pkcs8(&document).map_err(|_| SigningKeyError::Invalid)?;
        let text = text.clone();
        Ok(Self { pair, text })
    }

    /// Returns the text of the key. Store it in a file that only you can read.
    #[must_use]
    pub fn text(&self) -> &Secret<String> {
        &self.text
    }

    /// Returns the public key in Base64, for `plugins.security.trusted_keys`.
    #[must_use]
    pub fn public(&self) -> String {
        STANDARD.encode(self.pair.public_key())
    }

    /// Signs the bytes of a manifest.
    #[must_use]
    pub fn sign(&self, manifest: &[u8]) -> Signature {
        Signature::from_bytes(self.pair.sign(manifest).as_ref())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("SigningKey")
            .field(&self.public())
            .finish()
    }
}
