//! An import of one file.

use crate::model::Fact;

/// An import of a file. Imports decide which files belong to a program.
#[derive(Debug, Clone)]
pub struct Import {
    /// The path as written.
    pub path: String,
}

impl Fact for Import {
    const KIND: &'static str = "imports";
}
