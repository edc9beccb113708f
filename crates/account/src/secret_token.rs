use std::fmt;

use aws_lc_rs::{digest, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use seaworthy_core::{Error, Secret};
use zeroize::Zeroizing;

/// Size of a token, in bytes. 256 random bits cannot be guessed, so a fast hash is enough.
const BYTES: usize = 32;
/// The length of a token as text, in characters.
const LENGTH: usize = 43;

/// A secret token of a client, such as a refresh token: 32 random bytes in base64url without
/// padding. The database stores only its SHA-256, so a copy of the database contains no usable
/// token.
///
/// ```
/// use seaworthy_account::SecretToken;
///
/// let token = SecretToken::generate()?;
/// assert_eq!(token.expose().len(), 43);
/// assert_eq!(format!("{token:?}"), "SecretToken(***)");
/// assert!(SecretToken::parse("../../etc/passwd").is_none());
/// # Ok::<_, seaworthy_core::Error>(())
/// ```
#[derive(Clone)]
pub struct SecretToken(Secret<String>);

impl SecretToken {
    /// Generates a token.
    ///
    /// # Errors
    /// [`Code::Internal`](seaworthy_core::Code::Internal) if the operating system provides no
    /// random bytes.
    pub fn generate() -> Result<Self, Error> {
        let bytes = random::<BYTES>()?;
        Ok(Self(Secret::new(URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// Parses a token of a client. Returns `None` for any other text, which needs no look-up.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_token = text.len() == LENGTH
            && URL_SAFE_NO_PAD
                .decode(text)
                .is_ok_and(|bytes| bytes.len() == BYTES);
        is_token.then(|| Self(Secret::new(text.to_owned())))
    }

    /// Returns the text, for the client.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(crate) fn hash(&self) -> Vec<u8> {
        hash(self.expose().as_bytes())
    }
}

/// Returns random bytes.
pub(crate) fn random<const LENGTH: usize>() -> Result<Zeroizing<[u8; LENGTH]>, Error> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    rand::fill(&mut *bytes)
        .map_err(|_| Error::internal("the operating system provides no random bytes"))?;
    Ok(bytes)
}

pub(crate) fn hash(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn hostile_tokens_are_rejected_or_canonical_auth_3(
            any in ".{0,60}",
            near in "[A-Za-z0-9_=-]{42,44}",
        ) {
            for text in [any, near] {
                if let Some(token) = SecretToken::parse(&text) {
                    let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
                    prop_assert_eq!(bytes.len(), BYTES);
                    prop_assert_eq!(URL_SAFE_NO_PAD.encode(bytes), token.expose());
                }
            }
        }
    }
}
