use std::{fmt, str::FromStr};

use jiff::{
    Timestamp, Zoned,
    civil::Date,
    tz::{Offset, TimeZone},
};
use seaworthy::prelude::*;

/// The zone of the first cities.
const DEFAULT_ZONE: &str = "Asia/Kolkata";
/// The offset of that zone, in seconds. It has no daylight saving time.
const DEFAULT_OFFSET: i32 = 19_800;

/// The time zone in which the dates of the platform count, an IANA name such as `Asia/Kolkata`.
///
/// ```
/// use tutoring_contract::PlatformZone;
///
/// let zone = PlatformZone::default();
/// // Half past midnight in India is the day before in UTC.
/// let moment = "2026-03-01T19:00:00Z".parse().unwrap();
/// assert_eq!(zone.date_at(moment).to_string(), "2026-03-02");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct PlatformZone(TimeZone);

/// The text is not the name of a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone: use a name of the IANA database such as Asia/Kolkata")]
pub struct InvalidZone(String);

impl PlatformZone {
    /// Returns the date of a moment.
    #[must_use]
    pub fn date_at(&self, moment: Timestamp) -> Date {
        Zoned::new(moment, self.0.clone()).date()
    }

    /// Returns the present date.
    #[must_use]
    pub fn today(&self) -> Date {
        self.date_at(Timestamp::now())
    }

    fn name(&self) -> &str {
        self.0.iana_name().unwrap_or(DEFAULT_ZONE)
    }
}

impl Default for PlatformZone {
    /// `Asia/Kolkata`. A machine without a database of time zones uses its offset of +05:30.
    fn default() -> Self {
        let offset = || Offset::from_seconds(DEFAULT_OFFSET).map(TimeZone::fixed);
        let zone = TimeZone::get(DEFAULT_ZONE).or_else(|_| offset());
        Self(zone.unwrap_or(TimeZone::UTC))
    }
}

impl FromStr for PlatformZone {
    type Err = InvalidZone;

    fn from_str(name: &str) -> Result<Self, InvalidZone> {
        let zone = TimeZone::get(name).map_err(|_| InvalidZone(name.to_owned()))?;
        Ok(Self(zone))
    }
}

impl TryFrom<String> for PlatformZone {
    type Error = InvalidZone;

    fn try_from(name: String) -> Result<Self, InvalidZone> {
        name.parse()
    }
}

impl From<PlatformZone> for String {
    fn from(zone: PlatformZone) -> Self {
        zone.name().to_owned()
    }
}

impl fmt::Debug for PlatformZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_platform_zone() {
        let moment: Timestamp = "2026-12-31T18:30:00Z".parse().unwrap();
        let date = |zone: &str| zone.parse::<PlatformZone>().unwrap().date_at(moment);
        assert_eq!(date("Asia/Kolkata").to_string(), "2027-01-01");
        assert_eq!(date("Europe/Berlin").to_string(), "2026-12-31");
        assert!("Mars/Base".parse::<PlatformZone>().is_err());
    }
}
