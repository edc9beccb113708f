use std::{fmt, str::FromStr, sync::Arc};

use crate::name::is_valid;

/// Maximum length of a name, longer than a kind and an identifier.
const MAX_LENGTH: usize = 200;

/// The name of a group of connections, such as `event:0195…` or `user:42`.
///
/// 1–200 ASCII letters, digits, `:`, `.`, `_` or `-`.
///
/// ```
/// use seaworthy_realtime::Room;
///
/// let room: Room = "event:42".parse().unwrap();
/// assert_eq!(room.id(), Some("42"));
/// assert!("event 42".parse::<Room>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Room(Arc<str>);

/// The text is not a valid name of a room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a room is not valid: use 1–{MAX_LENGTH} ASCII letters, digits, ':', '.', '_' or '-'"
)]
pub struct InvalidRoom;

impl Room {
    /// Creates the room `kind:id`.
    ///
    /// # Errors
    /// The result is not a valid name.
    pub fn new(kind: &str, id: impl fmt::Display) -> Result<Self, InvalidRoom> {
        format!("{kind}:{id}").parse()
    }

    /// Returns the identifier after the first colon, if there is one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        Some(self.0.split_once(':')?.1)
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Room {
    type Err = InvalidRoom;

    fn from_str(text: &str) -> Result<Self, InvalidRoom> {
        if !is_valid(text, MAX_LENGTH) {
            return Err(InvalidRoom);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Room {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
