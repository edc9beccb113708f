//! Conversions of timestamps between Protocol Buffers and texts.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use city_events_contract::Timestamp;

/// Returns `None` if the timestamp is missing or out of range.
pub(crate) fn from_proto(timestamp: Option<&prost_types::Timestamp>) -> Option<DateTime<Utc>> {
    let timestamp = timestamp?;
    DateTime::from_timestamp(timestamp.seconds, timestamp.nanos.try_into().ok()?)
}

pub(crate) fn to_proto(time: DateTime<Utc>) -> prost_types::Timestamp {
    SystemTime::from(time).into()
}

/// Formats a time for clients, in RFC 3339.
pub(crate) fn to_text(time: DateTime<Utc>) -> String {
    Timestamp::from(time).to_string()
}
