use std::fmt;

use serde::{Deserialize, Serialize};

/// The text that `Debug` and `Display` write.
const MASK: &str = "***";

/// Personal data, which logs, spans and errors show as `***` (OBS-3).
///
/// Unlike [`Secret`](crate::Secret) it serializes, because an e-mail address must reach the
/// database and its owner. `Debug` and `Display`, which logs use, write `***`.
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
    /// Marks a value as personal data.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Returns the value for a change in place, such as a mask.
    pub const fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }

    /// Returns the owned value.
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
