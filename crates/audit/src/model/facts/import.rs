//! An import of one file.

use crate::model::Fact;

/// What a file imports; the ground for telling which files belong to a program.
#[derive(Debug, Clone)]
pub struct Import {
    /// The path as written.
    pub path: String,
}

impl Fact for Import {
    const KIND: &'static str = "imports";
}
