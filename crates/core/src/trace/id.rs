use std::{
    fmt,
    num::{NonZeroU64, NonZeroU128},
};

use rand::RngExt as _;

use super::hexadecimal::{digits_of_64, digits_of_128};

/// A trace identifier: 16 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(NonZeroU128);

/// A span identifier: 8 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(NonZeroU64);

impl TraceId {
    /// Returns a random identifier with 128 random bits, as level 2 requires.
    #[must_use]
    pub fn generate() -> Self {
        Self(NonZeroU128::new(rand::rng().random()).unwrap_or(NonZeroU128::MIN))
    }

    /// Creates an identifier. Returns `None` if all bits are zero.
    #[must_use]
    pub fn new(bits: u128) -> Option<Self> {
        NonZeroU128::new(bits).map(Self)
    }

    /// Returns the bits.
    #[must_use]
    pub const fn get(self) -> u128 {
        self.0.get()
    }

    /// Returns the bits as lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> [u8; 32] {
        digits_of_128(self.0.get())
    }
}

impl SpanId {
    /// Returns a random identifier.
    #[must_use]
    pub fn generate() -> Self {
        Self(NonZeroU64::new(rand::rng().random()).unwrap_or(NonZeroU64::MIN))
    }

    /// Creates an identifier. Returns `None` if all bits are zero.
    #[must_use]
    pub fn new(bits: u64) -> Option<Self> {
        NonZeroU64::new(bits).map(Self)
    }

    /// Returns the bits.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// Returns the bits as lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> [u8; 16] {
        digits_of_64(self.0.get())
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
