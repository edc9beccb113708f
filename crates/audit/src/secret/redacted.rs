//! The printable facts about a credential.

/// The class of a found value by its worth to an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretClass {
    /// The value looks like a credential in use.
    Real,
    /// A default, or a word that attackers try first.
    Weak,
}

/// A credential without its text: the text is dropped when this is made, so nothing can print it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The kind, such as `AWS access key` or `password in a URL`.
    pub kind: &'static str,
    /// The class of the credential.
    pub class: SecretClass,
    /// Length in characters.
    pub length: usize,
}

impl Redacted {
    /// Describes a credential without storing its text.
    #[must_use]
    pub fn describe(kind: &'static str, class: SecretClass, text: &str) -> Self {
        Self {
            kind,
            class,
            length: text.chars().count(),
        }
    }
}
