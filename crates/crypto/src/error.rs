use seaworthy_client::ClientError;
use seaworthy_core::{Code, Error};

/// Errors of encryption and decryption. They never contain a part of a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The bytes are not an envelope of a known version.
    #[error("the stored value is not an envelope of a known version")]
    Malformed,
    /// The value was altered, has another context, or was encrypted with another key.
    #[error(
        "the stored value cannot be decrypted: it was altered, moved, or encrypted with another key"
    )]
    DecryptionFailed,
    /// The key-encryption key is not in the keyring.
    #[error("the key {0:?} does not exist")]
    UnknownKey(String),
    /// A key with this name exists.
    #[error("the key {0:?} exists already")]
    DuplicateKey(String),
    /// The key is active, so it wraps new data keys.
    #[error("the key {0:?} is active: activate another one first")]
    KeyInUse(String),
    /// A key or a passphrase is too short, or a parameter is out of range.
    #[error("the key is invalid: {0}")]
    Key(&'static str),
    /// The holder of the keys cannot create keys.
    #[error(
        "the program cannot create keys of this kind: rotate a keyring by its settings, with a key of `encryption new-key`"
    )]
    NotRotated,
    /// A data key of the table is encrypted by a root key that is not configured.
    #[error(
        "the data key {version} is encrypted by the root key {root}, which is not configured: set the seed and the salt of that root key, or add it as other_root"
    )]
    UnknownRoot {
        /// The version of the data key.
        version: String,
        /// The name of the root key.
        root: String,
    },
    /// The table of data keys has no active key that this process can decrypt.
    #[error("no data key is active")]
    NoActiveKey,
    /// The table of data keys cannot be read or written.
    #[cfg(feature = "data")]
    #[error("the table of data keys cannot be used")]
    Table(#[from] seaworthy_data::DataError),
    /// The value cannot be encoded as JSON, or the decrypted value has another type.
    #[error("the stored value has another type")]
    Value,
    /// The operating system provides no random bytes.
    #[error("the operating system provides no random bytes")]
    Random,
    /// Vault cannot be reached, or did not respond in time.
    #[error("Vault cannot be reached")]
    Unreachable(#[from] ClientError),
    /// Vault rejected the request.
    #[error("Vault rejected the request: {0}")]
    Rejected(&'static str),
}

impl From<CryptoError> for Error {
    /// An unreachable holder of keys is 503. All other errors are internal errors with a private
    /// cause.
    fn from(error: CryptoError) -> Self {
        match error {
            CryptoError::Unreachable(_) | CryptoError::Rejected(_) => Self::new(
                Code::Unavailable,
                "KEYS_UNAVAILABLE",
                "a dependency of this service is not available: try again later",
            )
            .with_cause(error),
            #[cfg(feature = "data")]
            CryptoError::Table(cause) => cause.into(),
            _ => Self::internal(error),
        }
    }
}
