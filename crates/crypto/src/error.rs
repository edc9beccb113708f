use seaworthy_client::ClientError;
use seaworthy_core::{Code, Error};

/// What cannot be encrypted or decrypted. It never says more of a value than that it does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The bytes are no envelope, or one of a version that is not known.
    #[error("the stored value is no envelope of a known version")]
    Malformed,
    /// The value was altered, belongs elsewhere, or was encrypted by another key.
    #[error(
        "the stored value does not open: it was altered, belongs to another place, or is of another key"
    )]
    DoesNotOpen,
    /// The key-encryption key is not in the keyring.
    #[error("there is no key {0:?}")]
    UnknownKey(String),
    /// There is a key of this name.
    #[error("there is a key {0:?} already")]
    KeyTwice(String),
    /// New data keys are wrapped by it.
    #[error("key {0:?} is in use; activate another one first")]
    KeyInUse(String),
    /// A key or a passphrase that is too short, or parameters that are out of range.
    #[error("the key cannot be used: {0}")]
    Key(&'static str),
    /// Whoever holds the keys makes no new one when asked.
    #[error(
        "its holder makes no key when asked; a keyring is rotated by its settings, with a key of `encryption new-key`"
    )]
    NotRotated,
    /// The value cannot be written as JSON, or what was decrypted is of another type.
    #[error("the value is not of the type that is stored")]
    Value,
    /// The system has no randomness.
    #[error("the system has no randomness")]
    Random,
    /// Vault cannot be reached, or not in time.
    #[error("Vault cannot be reached")]
    Unreachable(#[from] ClientError),
    /// Vault answered something else than a key.
    #[error("Vault refused: {0}")]
    Refused(&'static str),
}

impl From<CryptoError> for Error {
    /// Who cannot reach the keys says so; everything else is this service's fault. The rest is the private cause.
    fn from(error: CryptoError) -> Self {
        match error {
            CryptoError::Unreachable(_) | CryptoError::Refused(_) => Self::new(
                Code::Unavailable,
                "KEYS_UNAVAILABLE",
                "something this service needs is not available; try again later",
            )
            .with_cause(error),
            _ => Self::internal(error),
        }
    }
}
