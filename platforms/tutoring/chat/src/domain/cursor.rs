use data_encoding::BASE64URL_NOPAD;
use seaworthy::{data::prelude::*, prelude::*};

use crate::errors;

/// The position of a message in its conversation: its time and its ID, because time alone skips
/// messages of the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) sent_at: DateTime<Utc>,
    pub(crate) id: Uuid,
}

impl Cursor {
    /// Returns the text that clients send back.
    pub(crate) fn text(self) -> String {
        let text = format!("{}.{}", self.sent_at.timestamp_micros(), self.id.simple());
        BASE64URL_NOPAD.encode(text.as_bytes())
    }

    /// Reads a text.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a text that is not a cursor.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let read = || {
            let text = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
            let text = String::from_utf8(text).ok()?;
            let (micros, id) = text.split_once('.')?;
            Some(Self {
                sent_at: DateTime::from_timestamp_micros(micros.parse().ok()?)?,
                id: id.parse().ok()?,
            })
        };
        read().ok_or_else(|| errors::invalid("cursor", "must be the nextCursor of a page"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_survive_a_round_trip_api_3() {
        let cursor = Cursor {
            sent_at: DateTime::from_timestamp_micros(1_772_000_000_123_456).unwrap(),
            id: Uuid::from_u128(7),
        };
        assert_eq!(Cursor::parse(&cursor.text()).unwrap(), cursor);
        for wrong in ["", "x", "YQ", "1.7"] {
            assert!(Cursor::parse(wrong).is_err(), "{wrong}");
        }
    }
}
