use std::{fmt, str::FromStr, time::SystemTime};

use chrono::{DateTime, SecondsFormat, SubsecRound as _, Utc};
use seaworthy::data::{DataError, FromColumn, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The number of decimal places of a second that every database stores.
const FRACTION_DIGITS: u16 = 6;

/// A point in time with microseconds, as RFC 3339 in UTC. The text has no trailing zeros in the
/// fraction of the second and ends in `Z`.
///
/// ```
/// use city_events_contract::Timestamp;
///
/// let timestamp: Timestamp = "2026-03-01T18:30:00.500+01:00".parse()?;
/// assert_eq!(timestamp.to_string(), "2026-03-01T17:30:00.5Z");
/// # Ok::<(), city_events_contract::InvalidTimestamp>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// The error of [`Timestamp::from_str`]: the text is not a time of RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time of RFC 3339, such as 2026-03-01T17:30:00Z")]
pub struct InvalidTimestamp;

impl Timestamp {
    /// Returns the current time.
    #[must_use]
    pub fn now() -> Self {
        Utc::now().into()
    }

    /// Returns the time as a value of `chrono`.
    #[must_use]
    pub const fn get(self) -> DateTime<Utc> {
        self.0
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(timestamp: DateTime<Utc>) -> Self {
        Self(timestamp.trunc_subsecs(FRACTION_DIGITS))
    }
}

impl FromColumn for Timestamp {
    fn from_value(value: Value) -> Result<Self, DataError> {
        DateTime::<Utc>::from_value(value).map(Self::from)
    }
}

impl From<Timestamp> for prost_types::Timestamp {
    fn from(timestamp: Timestamp) -> Self {
        SystemTime::from(timestamp.0).into()
    }
}

impl TryFrom<prost_types::Timestamp> for Timestamp {
    type Error = InvalidTimestamp;

    fn try_from(timestamp: prost_types::Timestamp) -> Result<Self, InvalidTimestamp> {
        let nanos = timestamp.nanos.try_into().map_err(|_| InvalidTimestamp)?;
        DateTime::from_timestamp(timestamp.seconds, nanos)
            .map(Self::from)
            .ok_or(InvalidTimestamp)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        DateTime::parse_from_rfc3339(text)
            .map(|timestamp| timestamp.to_utc().into())
            .map_err(|_| InvalidTimestamp)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_rfc3339_opts(SecondsFormat::Micros, true);
        let text = text.strip_suffix('Z').unwrap_or(&text);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        write!(formatter, "{text}Z")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_is_printed_without_trailing_zeros() {
        for (given, printed) in [
            ("2026-03-01T17:30:00Z", "2026-03-01T17:30:00Z"),
            ("2026-03-01T17:30:10.100200Z", "2026-03-01T17:30:10.1002Z"),
            (
                "2026-03-01T17:30:00.123456789Z",
                "2026-03-01T17:30:00.123456Z",
            ),
            ("2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00Z"),
        ] {
            assert_eq!(given.parse::<Timestamp>().unwrap().to_string(), printed);
        }
        assert!("tomorrow".parse::<Timestamp>().is_err());
    }
}
