use std::{fmt, str::FromStr, sync::Arc};

/// It stands in every stored value, so it is short.
const LONGEST: usize = 64;

/// The name of a key-encryption key: letters, digits, `.`, `_`, `-` and `:`, at most 64, the first no point. It is stored beside every value and is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Arc<str>);

/// A text that is no name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a key is made of 1 to 64 letters, digits, '.', '_', '-' and ':', and does not begin with '.'"
)]
pub struct InvalidKeyId;

impl KeyId {
    /// Checks a name.
    ///
    /// # Errors
    /// It is empty, too long, or has other letters.
    pub fn new(name: &str) -> Result<Self, InvalidKeyId> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
        // It becomes a part of paths, where a point alone would lead elsewhere.
        if name.is_empty()
            || name.len() > LONGEST
            || name.starts_with('.')
            || !name.bytes().all(is_plain)
        {
            return Err(InvalidKeyId);
        }
        Ok(Self(name.into()))
    }

    /// The name.
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
