//! Numeric settings with units.

mod byte_size;
mod duration;
mod lifetime;
mod ratio;

pub use byte_size::ByteSize;
pub use duration::{Delay, Timeout};
pub use lifetime::Lifetime;
pub use ratio::Ratio;

/// The text of a setting is not a value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct UnitError {
    text: String,
    expected: &'static str,
}

impl UnitError {
    fn new(text: &str, expected: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            expected,
        }
    }
}

#[cfg(test)]
mod tests;
