//! A location in a file.

use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::repository::Role;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Path relative to the root, with `/`.
    pub path: Arc<str>,
    /// The span in the file's text, in bytes.
    pub span: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The function, class or key around the place. It is part of a finding's fingerprint.
    pub symbol: Option<Arc<str>>,
    /// The role of the file.
    pub role: Role,
}

/// A value and where it was read.
#[derive(Debug, Clone)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// The location.
    pub at: Location,
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
