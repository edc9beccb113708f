use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{CryptoError, Envelope};

/// An encrypted field. In a struct that is stored, sent or logged, it appears as its envelope.
/// [`Sealer::open`](crate::Sealer::open) decrypts it.
pub struct Encrypted<T> {
    envelope: Envelope,
    value: PhantomData<fn() -> T>,
}

impl<T> Encrypted<T> {
    /// Wraps a stored envelope. Its content is checked on decryption.
    #[must_use]
    pub fn new(envelope: Envelope) -> Self {
        Self {
            envelope,
            value: PhantomData,
        }
    }

    /// Returns the envelope.
    #[must_use]
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }
}

impl<T> Clone for Encrypted<T> {
    fn clone(&self) -> Self {
        Self::new(self.envelope.clone())
    }
}

impl<T> PartialEq for Encrypted<T> {
    fn eq(&self, other: &Self) -> bool {
        self.envelope == other.envelope
    }
}

impl<T> Eq for Encrypted<T> {}

impl<T> fmt::Debug for Encrypted<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Encrypted(***)")
    }
}

impl<T> FromStr for Encrypted<T> {
    type Err = CryptoError;

    fn from_str(text: &str) -> Result<Self, CryptoError> {
        text.parse().map(Self::new)
    }
}

impl<T> Serialize for Encrypted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.envelope.serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Encrypted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Envelope::deserialize(deserializer).map(Self::new)
    }
}
