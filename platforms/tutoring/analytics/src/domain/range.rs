use std::time::Duration;

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_identity::invalid;

/// The maximum end of a range, relative to the current time, because clocks differ.
const AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// The fields `from` and `to` of a query.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RangeRequest {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

/// A range of time. It contains its start and not its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeRange {
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
}

impl RangeRequest {
    /// Returns the range. Without an end, it contains all events. Without a start, it starts
    /// `length` before its end or the current time, whichever is earlier.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a range that ends before it starts, or is longer than `max`.
    pub(crate) fn checked(self, length: Duration, max: Duration) -> Result<TimeRange, Error> {
        let now = Utc::now();
        let to = self.to.map_or(now + AHEAD, |to| to.min(now + AHEAD));
        if to < DateTime::UNIX_EPOCH {
            return Err(invalid("to", "must be after 1970"));
        }
        let from = self.from.unwrap_or_else(|| to.min(now) - length);
        let given = (to - from).to_std();
        match given {
            Ok(given) if given > max + AHEAD => {
                let days = max.as_secs() / AHEAD.as_secs();
                let problem = format!("must be at most {days} days before to");
                Err(invalid("from", &problem))
            }
            Ok(_) => Ok(TimeRange { from, to }),
            Err(_) => Err(invalid("from", "must be before to")),
        }
    }
}
