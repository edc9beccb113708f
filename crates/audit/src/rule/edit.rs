//! A change that fixes a breach.

use std::ops::Range;

/// A local change of the file that a breach stands in. A rule offers one only when the change keeps
/// what the program does apart from the breach: a diff that is applied without thought must do no
/// harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Bytes of the file's text that are replaced.
    pub span: Range<usize>,
    /// The replacement text.
    pub replacement: String,
}
