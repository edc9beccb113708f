use std::{collections::BTreeMap, time::Duration};

use jiff::{Timestamp, ToSpan as _, civil::Date};
use seaworthy::prelude::*;
use tutoring_contract::PlatformZone;

use super::TimeRange;

const SECONDS_PER_HOUR: i64 = 60 * 60;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Maximum range of a trend by hours.
const MAX_HOURS: Duration = Duration::from_secs(31 * 24 * 60 * 60);
const MAX_DAYS: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// The length of the parts of a trend. Days and weeks are those of the platform's time zone. A week
/// starts on Monday.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Interval {
    Hour,
    #[default]
    Day,
    Week,
}

/// The grid of hours of a trend. Offsets of time zones may include parts of an hour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hours {
    /// The first hour starts at this many seconds after 1970.
    pub(crate) phase: i64,
}

impl Hours {
    /// Returns the grid on which a time zone has midnights.
    pub(crate) fn of(zone: &PlatformZone, range: TimeRange) -> Self {
        let date = zone.date_at(timestamp(range.from.timestamp()));
        let midnight = zone.timestamp(date, 0).as_second();
        Self {
            phase: midnight.rem_euclid(SECONDS_PER_HOUR),
        }
    }

    /// Returns the start of an hour.
    fn start(self, hour: i64) -> Timestamp {
        timestamp(
            hour.saturating_mul(SECONDS_PER_HOUR)
                .saturating_add(self.phase),
        )
    }
}

fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Interval {
    /// Returns the length of a range without a start.
    pub(crate) const fn length(self) -> Duration {
        match self {
            Self::Hour => DAY,
            Self::Day | Self::Week => Duration::from_secs(30 * DAY.as_secs()),
        }
    }

    /// Returns the maximum length of a range.
    pub(crate) const fn max_length(self) -> Duration {
        match self {
            Self::Hour => MAX_HOURS,
            Self::Day | Self::Week => MAX_DAYS,
        }
    }

    /// Adds the counts of hours to parts of this length. Returns each part by its start, also those
    /// without events.
    pub(crate) fn parts(
        self,
        zone: &PlatformZone,
        range: TimeRange,
        (hours, counts): (Hours, &[(i64, u64)]),
    ) -> Vec<(Timestamp, u64)> {
        let (from, to) = (range.from.timestamp(), range.to.timestamp());
        let mut parts = BTreeMap::new();
        let mut hour = (from - hours.phase).div_euclid(SECONDS_PER_HOUR);
        while hours.start(hour).as_second() < to {
            parts.insert(self.start(zone, hours.start(hour)), 0);
            hour += 1;
        }
        for (hour, count) in counts {
            *parts
                .entry(self.start(zone, hours.start(*hour)))
                .or_default() += count;
        }
        parts.into_iter().collect()
    }

    /// Returns the start of the part that contains the start of an hour.
    fn start(self, zone: &PlatformZone, hour: Timestamp) -> Timestamp {
        let date = zone.date_at(hour);
        match self {
            Self::Hour => hour,
            Self::Day => zone.timestamp(date, 0),
            Self::Week => zone.timestamp(monday(date), 0),
        }
    }
}

/// Returns the Monday of the week of a date.
fn monday(date: Date) -> Date {
    let days = date.weekday().to_monday_zero_offset();
    date.saturating_sub(i64::from(days).days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> TimeRange {
        TimeRange {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        }
    }

    #[test]
    fn days_are_those_of_the_time_zone_api_3() {
        let zone = PlatformZone::default();
        // The second of March in India starts at 18:30 UTC of the first.
        let range = range("2026-03-01T12:00:00Z", "2026-03-02T20:00:00Z");
        let hours = Hours::of(&zone, range);
        assert_eq!(hours.phase, 30 * 60);
        let hour = |text: &str| {
            let time: Timestamp = text.parse().unwrap();
            (time.as_second() - hours.phase).div_euclid(SECONDS_PER_HOUR)
        };
        let counts = [
            (hour("2026-03-01T18:29:59Z"), 1),
            (hour("2026-03-01T18:30:00Z"), 2),
            (hour("2026-03-02T18:29:59Z"), 4),
        ];
        let days = Interval::Day.parts(&zone, range, (hours, &counts));
        let days: Vec<_> = days
            .iter()
            .map(|(start, count)| (start.to_string(), *count))
            .collect();
        assert_eq!(
            days,
            [
                ("2026-02-28T18:30:00Z".to_owned(), 1),
                ("2026-03-01T18:30:00Z".to_owned(), 6),
                ("2026-03-02T18:30:00Z".to_owned(), 0),
            ]
        );
        // The first of March is a Sunday.
        let weeks = Interval::Week.parts(&zone, range, (hours, &counts));
        let weeks: Vec<_> = weeks.iter().map(|(_, count)| *count).collect();
        assert_eq!(weeks, [1, 6]);
        let by_hour = Interval::Hour.parts(&zone, range, (hours, &counts));
        assert_eq!(by_hour.len(), 33);
        assert_eq!(by_hour.iter().map(|(_, count)| count).sum::<u64>(), 7);
    }
}
