use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::UnitError;

/// A ratio from 0 to 1, inclusive.
///
/// ```
/// use seaworthy_core::Ratio;
///
/// assert!(Ratio::try_from(0.2).is_ok());
/// assert!(Ratio::try_from(1.2).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Ratio(f64);

impl Ratio {
    /// The ratio 0.
    pub const ZERO: Self = Self(0.0);
    /// The ratio 1.
    pub const ONE: Self = Self(1.0);

    /// Creates a ratio from percent. More than 100 becomes 100.
    #[must_use]
    pub const fn percent(percent: u8) -> Self {
        Self(if percent >= 100 {
            1.0
        } else {
            percent as f64 / 100.0
        })
    }

    /// Returns the ratio as a number from 0 to 1.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Ratio {
    type Error = UnitError;

    fn try_from(ratio: f64) -> Result<Self, UnitError> {
        if (0.0..=1.0).contains(&ratio) {
            Ok(Self(ratio))
        } else {
            Err(UnitError::new(&ratio.to_string(), "a ratio from 0 to 1"))
        }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(f64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for Ratio {
    fn schema_name() -> Cow<'static, str> {
        "Ratio".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    }

    fn inline_schema() -> bool {
        true
    }
}
