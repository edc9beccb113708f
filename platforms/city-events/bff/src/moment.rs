//! Moments between messages and texts.

use chrono::{DateTime, Utc};
use city_events_contract::Moment;
use prost_types::Timestamp;

/// The moment of a message.
pub(crate) fn of(timestamp: Option<&Timestamp>) -> Option<DateTime<Utc>> {
    let timestamp = timestamp?;
    DateTime::from_timestamp(timestamp.seconds, timestamp.nanos.try_into().ok()?)
}

/// The same for a message.
pub(crate) fn timestamp(moment: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: moment.timestamp(),
        nanos: i32::try_from(moment.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

/// The text of a moment as clients read it.
pub(crate) fn text(moment: DateTime<Utc>) -> String {
    Moment::from(moment).to_string()
}
