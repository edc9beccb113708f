//! The entry point of a program.

use crate::model::Fact;

/// A file that is started as a program.
#[derive(Debug, Clone)]
pub struct Entrypoint {
    /// The program name: the directory of a Go `main`, or the name of a binary or script.
    pub name: String,
    /// Folder that belongs to this program alone, relative to the root.
    pub folder: String,
}

impl Fact for Entrypoint {
    const KIND: &'static str = "entrypoints";
}
