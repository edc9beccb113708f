use std::{fmt, str::FromStr, sync::Arc};

/// Maximum length of a name. It is short, because every stored value contains it.
const MAX_LENGTH: usize = 64;

/// The name of a key-encryption key: 1 to 64 letters, digits, `.`, `_`, `-` and `:`, without a
/// leading point. Every stored value contains it, so it is not secret.
///
/// ```
/// use seaworthy_crypto::KeyId;
///
/// assert_eq!(KeyId::new("orders:2026-11")?.as_str(), "orders:2026-11");
/// assert!(KeyId::new("../orders").is_err());
/// # Ok::<_, seaworthy_crypto::InvalidKeyId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Arc<str>);

/// The error for a text that is not a valid name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a valid key name: use 1 to 64 letters, digits, '.', '_', '-' and ':', without a leading '.'"
)]
pub struct InvalidKeyId;

impl KeyId {
    /// Validates a name.
    ///
    /// # Errors
    /// The name is empty, too long, or has other characters.
    pub fn new(name: &str) -> Result<Self, InvalidKeyId> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
        // The name becomes a part of paths, in which `.` and `..` have a meaning.
        if name.is_empty()
            || name.len() > MAX_LENGTH
            || name.starts_with('.')
            || !name.bytes().all(is_plain)
        {
            return Err(InvalidKeyId);
        }
        Ok(Self(name.into()))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(name: &str) -> Result<Self, InvalidKeyId> {
        Self::new(name)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
