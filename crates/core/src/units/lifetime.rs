use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{UnitError, duration};

const EXPECTED: &str = "a duration above zero and of at most 3650 days such as 12h, 30d or 90d";

/// The maximum: ten years. A longer duration in a setting is most likely a mistake.
const MAX_DAYS: u64 = 3_650;
const SECONDS_OF_DAY: u64 = 86_400;

/// The time that something is valid or stored: above zero and at most 3650 days. In text: `12h`,
/// `90d`.
///
/// ```
/// use seaworthy_core::Lifetime;
///
/// assert_eq!("90d".parse(), Ok(Lifetime::from_days(90)));
/// assert!("0h".parse::<Lifetime>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifetime(Duration);

impl Lifetime {
    /// Creates a lifetime in days. Zero becomes one day.
    #[must_use]
    pub const fn from_days(days: u8) -> Self {
        let days = if days == 0 { 1 } else { days as u64 };
        Self(Duration::from_secs(days * SECONDS_OF_DAY))
    }

    /// Returns the lifetime as a duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl TryFrom<Duration> for Lifetime {
    type Error = UnitError;

    fn try_from(duration: Duration) -> Result<Self, UnitError> {
        if duration.is_zero() || duration > Duration::from_secs(MAX_DAYS * SECONDS_OF_DAY) {
            return Err(UnitError::new(&format!("{duration:?}"), EXPECTED));
        }
        Ok(Self(duration))
    }
}

impl FromStr for Lifetime {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let duration = duration::parse(text).ok_or_else(|| UnitError::new(text, EXPECTED))?;
        Self::try_from(duration).map_err(|_| UnitError::new(text, EXPECTED))
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if self.0.subsec_nanos() == 0 && seconds.is_multiple_of(SECONDS_OF_DAY) {
            return write!(formatter, "{}d", seconds / SECONDS_OF_DAY);
        }
        duration::format(self.0, formatter)
    }
}

impl fmt::Debug for Lifetime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Lifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for Lifetime {
    fn schema_name() -> Cow<'static, str> {
        "Lifetime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        duration::positive_schema()
    }

    fn inline_schema() -> bool {
        true
    }
}
