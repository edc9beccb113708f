//! Pictures: their purposes, sizes and keys.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// The purpose of an uploaded picture.
///
/// ```
/// use city_events_contract::PicturePurpose;
///
/// let purpose: PicturePurpose = "avatar".parse()?;
/// assert_eq!(purpose.sizes(), [256, 512]);
/// # Ok::<_, city_events_contract::InvalidPurpose>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PicturePurpose {
    /// The square picture of a user.
    Avatar,
    /// The cover of an event.
    EventCover,
}

impl PicturePurpose {
    /// Returns the name in requests and keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Avatar => "avatar",
            Self::EventCover => "event_cover",
        }
    }

    /// Returns the widths of the derived pictures, in pixels.
    #[must_use]
    pub fn sizes(self) -> [u32; 2] {
        match self {
            Self::Avatar => [256, 512],
            Self::EventCover => [800, 1600],
        }
    }

    /// Returns the key of a derived picture, which is also its path below the base URL of pictures.
    #[must_use]
    pub fn derived_key(self, upload: Uuid, size: u32) -> String {
        format!("derived/{self}/{}_{size}.jpg", upload.hyphenated())
    }
}

/// The text is not a purpose of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the purpose is not valid: use avatar or event_cover")]
pub struct InvalidPurpose;

impl FromStr for PicturePurpose {
    type Err = InvalidPurpose;

    fn from_str(text: &str) -> Result<Self, InvalidPurpose> {
        match text {
            "avatar" => Ok(Self::Avatar),
            "event_cover" => Ok(Self::EventCover),
            _ => Err(InvalidPurpose),
        }
    }
}

impl fmt::Display for PicturePurpose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
