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

/// The part of a picture that its derived pictures show, as the text `X,Y,ZOOM`.
///
/// ```
/// use city_events_contract::PictureFocus;
///
/// let focus: PictureFocus = "0.5,0,2".parse()?;
/// assert_eq!((focus.x(), focus.y(), focus.zoom()), (0.5, 0.0, 2.0));
/// assert_eq!(focus.to_string(), "0.5,0,2");
/// assert!("0.5,0,NaN".parse::<PictureFocus>().is_err());
/// # Ok::<_, city_events_contract::InvalidFocus>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureFocus {
    x: f64,
    y: f64,
    zoom: f64,
}

impl PictureFocus {
    /// Returns the center from left to right, from 0 to 1.
    #[must_use]
    pub fn x(self) -> f64 {
        self.x
    }

    /// Returns the center from top to bottom, from 0 to 1.
    #[must_use]
    pub fn y(self) -> f64 {
        self.y
    }

    /// Returns the magnification, from 1 to 10. With 1 the part is as large as possible.
    #[must_use]
    pub fn zoom(self) -> f64 {
        self.zoom
    }
}

/// The text is not a part of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the focus is not valid: use X,Y,ZOOM with X and Y from 0 to 1, and ZOOM from 1 to 10")]
pub struct InvalidFocus;

impl FromStr for PictureFocus {
    type Err = InvalidFocus;

    fn from_str(text: &str) -> Result<Self, InvalidFocus> {
        let mut numbers = text.split(',').map(str::parse::<f64>);
        let (Some(Ok(x)), Some(Ok(y)), Some(Ok(zoom)), None) = (
            numbers.next(),
            numbers.next(),
            numbers.next(),
            numbers.next(),
        ) else {
            return Err(InvalidFocus);
        };
        let is_within =
            (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y) && (1.0..=10.0).contains(&zoom);
        is_within.then_some(Self { x, y, zoom }).ok_or(InvalidFocus)
    }
}

impl fmt::Display for PictureFocus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{},{},{}", self.x, self.y, self.zoom)
    }
}
