use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The maximum number of events that a relay claims in one batch, from 1 to [`BatchSize::MAX`].
///
/// ```
/// use seaworthy_outbox::BatchSize;
///
/// assert_eq!(BatchSize::try_from(500).unwrap().get(), 500);
/// assert!(BatchSize::try_from(0).is_err());
/// assert!(BatchSize::try_from(BatchSize::MAX + 1).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct BatchSize(u32);

/// The number is not a valid batch size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a valid batch size: use 1 to {max}", max = BatchSize::MAX)]
pub struct InvalidBatchSize(u32);

impl BatchSize {
    /// The maximum: the default of `database.max_rows`, the rows that a query may return. One
    /// statement deletes a batch: its parameters, rounded up to the power of two 16,384, also stay
    /// below the limit of SQLite, 32,766.
    pub const MAX: u32 = 10_000;

    /// A batch size with `number` limited to the valid range.
    #[must_use]
    pub const fn clamped(number: u32) -> Self {
        match number {
            0 => Self(1),
            1..=Self::MAX => Self(number),
            _ => Self(Self::MAX),
        }
    }

    /// The number of events.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for BatchSize {
    type Error = InvalidBatchSize;

    fn try_from(number: u32) -> Result<Self, InvalidBatchSize> {
        match number {
            1..=Self::MAX => Ok(Self(number)),
            _ => Err(InvalidBatchSize(number)),
        }
    }
}

impl From<BatchSize> for u32 {
    fn from(size: BatchSize) -> Self {
        size.0
    }
}

impl JsonSchema for BatchSize {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "BatchSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "format": "uint32", "minimum": 1, "maximum": Self::MAX })
    }
}
