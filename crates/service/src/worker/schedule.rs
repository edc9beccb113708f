use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, Utc};
use croner::Cron;
use seaworthy_core::Timeout;

/// When a worker runs.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// Again as soon as the last run has ended; the run itself waits for its work.
    Continuous,
    /// Once per interval, the first time one jittered interval after the start.
    Interval(Timeout),
    /// At the moments of a cron pattern, in UTC.
    Cron(CronSchedule),
}

/// A checked cron pattern of five fields, or six with seconds first. Times are UTC, so that no run is skipped or doubled when clocks change.
#[derive(Debug, Clone)]
pub struct CronSchedule(Box<Cron>);

/// The text is not a cron pattern.
#[derive(Debug, thiserror::Error)]
#[error("{pattern:?} is not a cron pattern: {problem}")]
pub struct InvalidCron {
    pattern: String,
    problem: String,
}

impl FromStr for CronSchedule {
    type Err = InvalidCron;

    fn from_str(pattern: &str) -> Result<Self, InvalidCron> {
        Cron::from_str(pattern)
            .map(|cron| Self(Box::new(cron)))
            .map_err(|error| InvalidCron {
                pattern: pattern.to_owned(),
                problem: error.to_string(),
            })
    }
}

impl CronSchedule {
    /// The first moment after `now`, or `None` where the pattern has none left.
    #[must_use]
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_next_occurrence(&now, false).ok()
    }

    /// The time between the two moments that follow `now`.
    #[must_use]
    pub fn gap_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        let first = self.next_after(now)?;
        (self.next_after(first)? - first).to_std().ok()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continuous => formatter.write_str("continuous"),
            Self::Interval(interval) => write!(formatter, "every {interval}"),
            Self::Cron(cron) => write!(formatter, "cron {}", cron.0.as_str()),
        }
    }
}
