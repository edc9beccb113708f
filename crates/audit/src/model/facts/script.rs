//! Commands that a manifest names.

use std::ops::Range;

use crate::model::Fact;

/// An entry of `scripts` in `package.json`.
#[derive(Debug, Clone)]
pub struct Script {
    /// Its name: `start`.
    pub name: String,
    /// The command.
    pub command: String,
    /// The location.
    pub span: Range<usize>,
}

impl Fact for Script {
    const KIND: &'static str = "scripts";
}
