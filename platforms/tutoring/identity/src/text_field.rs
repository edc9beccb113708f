use seaworthy::{core::is_storable, prelude::*};

use crate::{NOT_STORABLE, invalid};

/// The maximum length of a reason or a note, in characters.
const MAX_TEXT: usize = 1_000;

/// A reason or a note of a user, with the name of its field.
///
/// ```
/// use tutoring_identity::TextField;
///
/// assert_eq!(TextField("notes", Some(" late ")).optional()?, Some("late"));
/// assert!(TextField("reason", Some(" ")).required().is_err());
/// # Ok::<_, seaworthy::prelude::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TextField<'a>(
    /// The field.
    pub &'a str,
    /// The text.
    pub Option<&'a str>,
);

impl<'a> TextField<'a> {
    /// Returns a text that must not be empty.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`.
    pub fn required(self) -> Result<&'a str, Error> {
        let text = self.optional()?;
        text.ok_or_else(|| invalid(self.0, "must not be empty"))
    }

    /// Returns a text without white space at both ends, or `None` if it is empty.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`.
    pub fn optional(self) -> Result<Option<&'a str>, Error> {
        let Self(field, text) = self;
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        match text {
            Some(text) if text.chars().count() > MAX_TEXT => {
                Err(invalid(field, "must have at most 1000 characters"))
            }
            Some(text) if !is_storable(text) => Err(invalid(field, NOT_STORABLE)),
            text => Ok(text),
        }
    }
}
