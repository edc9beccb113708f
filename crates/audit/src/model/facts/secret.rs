//! A credential in a file, without its text.

use crate::model::Fact;
use crate::secret::Redacted;

/// A credential that was found, without its text.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Shape and class of what was found.
    pub credential: Redacted,
    /// The key or the host that the secret belongs to. Never the value.
    pub subject: String,
}

impl Fact for Secret {
    const KIND: &'static str = "secrets";
}
