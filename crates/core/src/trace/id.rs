use std::{
    fmt,
    num::{NonZeroU64, NonZeroU128},
};

use rand::RngExt as _;

use super::hexadecimal::{digits_of_64, digits_of_128};

/// The identifier of a trace: 16 bytes, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(NonZeroU128);

/// The identifier of a span: 8 bytes, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(NonZeroU64);

impl TraceId {
    /// A random identifier, all of it random as level 2 asks.
    #[must_use]
    pub fn generate() -> Self {
        Self(NonZeroU128::new(rand::rng().random()).unwrap_or(NonZeroU128::MIN))
    }

    /// The identifier with these bits, unless all are zero.
    #[must_use]
    pub fn new(bits: u128) -> Option<Self> {
        NonZeroU128::new(bits).map(Self)
    }

    /// The bits.
    #[must_use]
    pub const fn get(self) -> u128 {
        self.0.get()
    }

    /// The bits as lower-case hexadecimal digits.
    #[must_use]
    pub fn digits(self) -> [u8; 32] {
        digits_of_128(self.0.get())
    }
}

impl SpanId {
    /// A random identifier.
    #[must_use]
    pub fn generate() -> Self {
        Self(NonZeroU64::new(rand::rng().random()).unwrap_or(NonZeroU64::MIN))
    }

    /// The identifier with these bits, unless all are zero.
    #[must_use]
    pub fn new(bits: u64) -> Option<Self> {
        NonZeroU64::new(bits).map(Self)
    }

    /// The bits.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// The bits as lower-case hexadecimal digits.
    #[must_use]
    pub fn digits(self) -> [u8; 16] {
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
