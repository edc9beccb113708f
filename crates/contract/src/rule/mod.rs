//! The checks of validation rules, for generated code.

pub mod format;
mod pattern;
pub mod time;

pub use pattern::Pattern;

use std::collections::BTreeSet;

/// Returns the length of text as rules count it, in Unicode scalar values.
#[must_use]
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// Whether no item of a list is repeated.
#[must_use]
pub fn is_unique<T: Ord>(items: &[T]) -> bool {
    let mut seen = BTreeSet::new();
    items.iter().all(|item| seen.insert(item))
}

/// Whether bytes contain other bytes.
#[must_use]
pub fn contains_bytes(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}
