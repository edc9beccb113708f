use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{CryptoError, Envelope};

/// A field that is encrypted wherever it goes: in a struct that is stored, sent or logged it is its envelope. [`Sealer::open`](crate::Sealer::open) gives back the value.
pub struct Encrypted<T> {
    envelope: Envelope,
    value: PhantomData<fn() -> T>,
}

impl<T> Encrypted<T> {
    /// What was read from where it is stored. Whether it opens, and as a `T`, is seen when it is opened.
    #[must_use]
    pub fn new(envelope: Envelope) -> Self {
        Self {
            envelope,
            value: PhantomData,
        }
    }

    /// What is stored.
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
