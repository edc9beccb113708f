//! A change that fixes a breach.

use std::ops::Range;

/// A local change of the file with a breach. A rule offers one only if the change fixes the breach
/// and keeps all other behavior: applying a diff must be safe without review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The span of the file's text that is replaced, in bytes.
    pub span: Range<usize>,
    /// The replacement text.
    pub replacement: String,
}
