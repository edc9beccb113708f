//! A schema change made by the service itself.

use crate::model::Fact;

/// A call that changes the schema when the service starts.
#[derive(Debug, Clone)]
pub struct Migration {
    /// The library.
    pub library: &'static str,
    /// Whether the changes are written down as versions.
    pub versioned: bool,
}

impl Fact for Migration {
    const KIND: &'static str = "migrations";
}
