use std::{fmt, str::FromStr};

use jiff::{
    Timestamp, ToSpan as _, Zoned,
    civil::{Date, Time},
    tz::{Offset, TimeZone},
};
use seaworthy::prelude::*;

/// The default time zone.
const DEFAULT_ZONE: &str = "Asia/Kolkata";
/// The offset of that zone, in seconds. It has no daylight saving time.
const DEFAULT_OFFSET: i32 = 19_800;
const MINUTES_PER_HOUR: u16 = 60;
const HOURS_PER_DAY: u16 = 24;

/// The time zone of the platform's dates, an IANA name such as `Asia/Kolkata`.
///
/// ```
/// use tutoring_contract::PlatformZone;
///
/// let zone = PlatformZone::default();
/// // Half past midnight in India is the day before in UTC.
/// let moment = "2026-03-01T19:00:00Z".parse().unwrap();
/// assert_eq!(zone.date_at(moment).to_string(), "2026-03-02");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct PlatformZone(TimeZone);

/// Returns the last date to which a session can be planned or moved: one year after `today`.
///
/// ```
/// use tutoring_contract::max_date;
///
/// let today = "2026-11-30".parse().unwrap();
/// assert_eq!(max_date(today).to_string(), "2027-11-30");
/// ```
#[must_use]
pub fn max_date(today: Date) -> Date {
    today.saturating_add(1.year())
}

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

    /// Returns the current date.
    #[must_use]
    pub fn today(&self) -> Date {
        self.date_at(Timestamp::now())
    }

    /// Returns the moment of a local time, given in minutes since midnight. A time that the start
    /// of daylight saving time skips is moved later by the length of the gap. If a time occurs
    /// twice, returns the first moment.
    ///
    /// ```
    /// use tutoring_contract::PlatformZone;
    ///
    /// let zone: PlatformZone = "Europe/Berlin".parse().unwrap();
    /// // 02:30 does not exist on this day.
    /// let moment = zone.timestamp("2026-03-29".parse().unwrap(), 150);
    /// assert_eq!(moment.to_string(), "2026-03-29T01:30:00Z");
    /// ```
    #[must_use]
    pub fn timestamp(&self, date: Date, minute: u16) -> Timestamp {
        let (hour, minute) = (
            minute / MINUTES_PER_HOUR % HOURS_PER_DAY,
            minute % MINUTES_PER_HOUR,
        );
        let time = Time::new(
            i8::try_from(hour).unwrap_or_default(),
            i8::try_from(minute).unwrap_or_default(),
            0,
            0,
        );
        let local = date.to_datetime(time.unwrap_or(Time::MIN));
        // The conversion fails only near the maximum timestamp.
        local
            .to_zoned(self.0.clone())
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
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

seaworthy::core::text_conversions!(PlatformZone);

impl fmt::Display for PlatformZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.iana_name().unwrap_or(DEFAULT_ZONE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_platform_zone_api_3() {
        let moment: Timestamp = "2026-12-31T18:30:00Z".parse().unwrap();
        let date = |zone: &str| zone.parse::<PlatformZone>().unwrap().date_at(moment);
        assert_eq!(date("Asia/Kolkata").to_string(), "2027-01-01");
        assert_eq!(date("Europe/Berlin").to_string(), "2026-12-31");
        assert!("Mars/Base".parse::<PlatformZone>().is_err());
    }

    #[test]
    fn local_times_survive_daylight_saving_time_api_3() {
        let moment = |zone: &str, date: &str, minute| {
            let zone: PlatformZone = zone.parse().unwrap();
            zone.timestamp(date.parse().unwrap(), minute).to_string()
        };
        let berlin = "Europe/Berlin";
        // 16:00 stays 16:00 on both sides of the change.
        assert_eq!(moment(berlin, "2026-03-28", 960), "2026-03-28T15:00:00Z");
        assert_eq!(moment(berlin, "2026-03-29", 960), "2026-03-29T14:00:00Z");
        // 02:30 does not exist, and later occurs twice.
        assert_eq!(moment(berlin, "2026-03-29", 150), "2026-03-29T01:30:00Z");
        assert_eq!(moment(berlin, "2026-10-25", 150), "2026-10-25T00:30:00Z");
        assert_eq!(
            moment("Asia/Kolkata", "2026-03-29", 960),
            "2026-03-29T10:30:00Z"
        );
    }
}
