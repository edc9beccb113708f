use std::fmt;

use serde::{Deserialize, Serialize};

/// What a reader sees in place of a value that must not be shown.
const MASK: &str = "***";

/// Data about a person: usable in the domain, stored and sent like the value itself, but masked in every log line, span and error (OBS-3).
///
/// Unlike [`Secret`](crate::Secret) it serializes, because an e-mail address has to reach the database and the owner's own page; `Debug` and
/// `Display`, which is all that logs ever call, print `***`.
///
/// ```
/// use seaworthy_core::Personal;
///
/// let email = Personal::new("ada@example.org".to_owned());
/// assert_eq!(format!("{email} {email:?}"), "*** ***");
/// assert_eq!(email.expose(), "ada@example.org");
/// ```
#[derive(
    Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
#[schemars(transparent)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Marks a value as personal.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the code that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, unmarked.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASK)
    }
}

impl<T> fmt::Display for Personal<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASK)
    }
}
