use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::UnitError;

const EXPECTED: &str = "a size such as 512B, 64KiB, 2MiB or 1GiB";
const UNITS: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// A number of bytes. The text form requires a unit: `512B`, `64KiB`, `2MiB`, `1GiB`, or the
/// decimal `kB`, `MB`, `GB`.
///
/// ```
/// use seaworthy_core::ByteSize;
///
/// assert_eq!("2MiB".parse(), Ok(ByteSize::mebibytes(2)));
/// assert!("2".parse::<ByteSize>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);

impl ByteSize {
    /// Creates a size in bytes.
    #[must_use]
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Creates a size in kibibytes.
    #[must_use]
    pub const fn kibibytes(kibibytes: u32) -> Self {
        Self((kibibytes as u64) << 10)
    }

    /// Creates a size in mebibytes.
    #[must_use]
    pub const fn mebibytes(mebibytes: u32) -> Self {
        Self((mebibytes as u64) << 20)
    }

    /// Returns the size in bytes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the size in bytes as a `usize`, saturating.
    #[must_use]
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let invalid = || UnitError::new(text, EXPECTED);
        let (number, scale) = UNITS
            .iter()
            .find_map(|(unit, scale)| text.strip_suffix(unit).map(|number| (number, *scale)))
            .ok_or_else(invalid)?;
        let number: u64 = number.trim_end().parse().map_err(|_| invalid())?;
        number.checked_mul(scale).map(Self).ok_or_else(invalid)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes > 0 && bytes.is_multiple_of(1 << 30) => {
                write!(formatter, "{}GiB", bytes >> 30)
            }
            bytes if bytes > 0 && bytes.is_multiple_of(1 << 20) => {
                write!(formatter, "{}MiB", bytes >> 20)
            }
            bytes if bytes > 0 && bytes.is_multiple_of(1 << 10) => {
                write!(formatter, "{}KiB", bytes >> 10)
            }
            bytes => write!(formatter, "{bytes}B"),
        }
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "byte-size",
            "pattern": r"^[0-9]+ ?(B|KiB|MiB|GiB|kB|MB|GB)$",
            "examples": ["2MiB"],
        })
    }

    fn inline_schema() -> bool {
        true
    }
}
