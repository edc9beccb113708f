//! Where a program starts.

use crate::model::Fact;

/// A file that is started as a program.
#[derive(Debug, Clone)]
pub struct Entrypoint {
    /// What a person calls it: the folder of a Go `main`, the name of a binary or of a script.
    pub name: String,
    /// Folder that belongs to this program alone, relative to the root.
    pub folder: String,
}

impl Fact for Entrypoint {
    const KIND: &'static str = "entrypoints";
}
