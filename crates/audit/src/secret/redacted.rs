//! The printable facts about a credential.

/// How much a found value is worth to a thief.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretClass {
    /// Looks like one that opens something.
    Real,
    /// A default or a word everybody tries first.
    Weak,
}

/// A credential without its text: the text is dropped when this is made, so nothing can print it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The kind, such as `AWS access key` or `password in a URL`.
    pub kind: &'static str,
    /// How much it is worth.
    pub class: SecretClass,
    /// Length in characters.
    pub length: usize,
}

impl Redacted {
    /// Describes a credential and forgets it.
    #[must_use]
    pub fn describe(kind: &'static str, class: SecretClass, text: &str) -> Self {
        Self {
            kind,
            class,
            length: text.chars().count(),
        }
    }
}
