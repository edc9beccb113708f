use std::{fmt, str::FromStr};

use chrono::{DateTime, SecondsFormat, SubsecRound as _, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What every database keeps of a second.
const FRACTION_DIGITS: u16 = 6;

/// A moment as clients of City Events read and write it: RFC 3339, printed in UTC with as many digits of a second as it has, and `Z`. It is kept to the microsecond, as databases do.
///
/// ```
/// use city_events_contract::Moment;
///
/// let moment: Moment = "2026-03-01T18:30:00.500+01:00".parse()?;
/// assert_eq!(moment.to_string(), "2026-03-01T17:30:00.5Z");
/// # Ok::<(), city_events_contract::NoMoment>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(DateTime<Utc>);

/// A text is no moment of RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no moment, such as 2026-03-01T17:30:00Z")]
pub struct NoMoment;

impl Moment {
    /// What time it is.
    #[must_use]
    pub fn now() -> Self {
        Utc::now().into()
    }

    /// The moment as libraries know it.
    #[must_use]
    pub const fn get(self) -> DateTime<Utc> {
        self.0
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.trunc_subsecs(FRACTION_DIGITS))
    }
}

impl FromStr for Moment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        DateTime::parse_from_rfc3339(text)
            .map(|moment| moment.to_utc().into())
            .map_err(|_| NoMoment)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_rfc3339_opts(SecondsFormat::Micros, true);
        let text = text.strip_suffix('Z').unwrap_or(&text);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        write!(formatter, "{text}Z")
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_printed_without_needless_zeros() {
        for (given, printed) in [
            ("2026-03-01T17:30:00Z", "2026-03-01T17:30:00Z"),
            ("2026-03-01T17:30:10.100200Z", "2026-03-01T17:30:10.1002Z"),
            (
                "2026-03-01T17:30:00.123456789Z",
                "2026-03-01T17:30:00.123456Z",
            ),
            ("2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00Z"),
        ] {
            assert_eq!(given.parse::<Moment>().unwrap().to_string(), printed);
        }
        assert!("tomorrow".parse::<Moment>().is_err());
    }
}
