use seaworthy_data::{DataError, FromColumn, HasKind, Kind, Value};

use crate::{CryptoError, Encrypted, Envelope};

impl<T> HasKind for Encrypted<T> {
    const KIND: Kind = Kind::Text;
}

/// Stores the envelope as text, so that people recognize it in dumps.
impl<T> From<Encrypted<T>> for Value {
    fn from(value: Encrypted<T>) -> Self {
        Self::from(value.envelope().to_string())
    }
}

/// Reads a column of text, or a column of bytes from [`Envelope::to_bytes`].
impl<T> FromColumn for Encrypted<T> {
    fn from_value(value: Value) -> Result<Self, DataError> {
        let envelope = match value {
            Value::Bytes(bytes) => Envelope::from_bytes(&bytes),
            value => String::from_value(value)?.parse(),
        };
        let unreadable = |error: CryptoError| DataError::unexpected_value(error.to_string());
        envelope.map(Self::new).map_err(unreadable)
    }
}
