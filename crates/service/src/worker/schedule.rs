use std::{borrow::Cow, fmt, iter, str::FromStr, time::Duration};

use chrono::{DateTime, Utc};
use croner::Cron;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use seaworthy_core::Timeout;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Number of runs that are measured: a year of daily runs, so that the longest month is included.
const MEASURED_RUNS: usize = 366;

/// The schedule of a worker.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// Runs again as soon as the last run has ended. The run itself waits for work.
    Continuous,
    /// Runs once per interval. The first run is one jittered interval after the start.
    Interval(Timeout),
    /// Runs at the times of a cron pattern in UTC.
    Cron(CronSchedule),
}

/// A valid cron pattern of five fields, or six with seconds first. Times are UTC, so daylight
/// saving time neither skips nor repeats a run.
///
/// It is a type of settings, so an invalid pattern is an error of the configuration.
///
/// ```
/// use schemars::JsonSchema;
/// use seaworthy_service::CronSchedule;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(default, deny_unknown_fields)]
/// struct CleanupConfig {
///     /// The times of the cleanup in UTC.
///     schedule: Option<CronSchedule>,
/// }
///
/// let schedule: CronSchedule = "30 3 * * *".parse()?;
/// assert_eq!(schedule.to_string(), "30 3 * * *");
/// # Ok::<_, seaworthy_service::InvalidCron>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronSchedule(Box<Cron>);

/// The text is not a valid cron pattern.
#[derive(Debug, thiserror::Error)]
#[error("{pattern:?} is not a valid cron pattern: {problem}")]
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

impl fmt::Display for CronSchedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}

impl Serialize for CronSchedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CronSchedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for CronSchedule {
    fn schema_name() -> Cow<'static, str> {
        "CronSchedule".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A cron pattern in UTC such as 30 3 * * *, or with seconds first.",
        })
    }

    fn inline_schema() -> bool {
        true
    }
}

impl CronSchedule {
    /// Returns the first time after `now`, or `None` if there is none.
    #[must_use]
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_next_occurrence(&now, false).ok()
    }

    /// Returns the time between the next two runs.
    #[must_use]
    pub fn interval_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        let first = self.next_after(now)?;
        (self.next_after(first)? - first).to_std().ok()
    }
}

impl Schedule {
    /// Returns the maximum time between two runs.
    /// cron pattern it uses the runs after a fixed time, so that the result does not depend on the
    /// day.
    pub(crate) fn max_gap(&self) -> Option<Duration> {
        match self {
            Self::Continuous => None,
            Self::Interval(interval) => Some(interval.get()),
            Self::Cron(cron) => {
                let runs =
                    iter::successors(Some(DateTime::UNIX_EPOCH), |run| cron.next_after(*run));
                let runs: Vec<_> = runs.skip(1).take(MEASURED_RUNS).collect();
                let gaps = runs.iter().zip(runs.iter().skip(1));
                gaps.filter_map(|(run, next)| (*next - *run).to_std().ok())
                    .max()
            }
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continuous => formatter.write_str("continuous"),
            Self::Interval(interval) => write!(formatter, "every {interval}"),
            Self::Cron(cron) => write!(formatter, "cron {cron}"),
        }
    }
}
