//! Rules about durations and times.

use std::time::{SystemTime, UNIX_EPOCH};

use prost_types::{Duration, Timestamp};

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// Returns the duration in nanoseconds.
#[must_use]
pub fn duration_nanos(value: &Duration) -> i128 {
    i128::from(value.seconds) * NANOS_PER_SECOND + i128::from(value.nanos)
}

/// Returns the nanoseconds since 1970.
#[must_use]
pub fn timestamp_nanos(value: &Timestamp) -> i128 {
    i128::from(value.seconds) * NANOS_PER_SECOND + i128::from(value.nanos)
}

/// Whether a time is before now.
#[must_use]
pub fn is_past(value: &Timestamp) -> bool {
    timestamp_nanos(value) < now()
}

/// Whether a time is after now.
#[must_use]
pub fn is_future(value: &Timestamp) -> bool {
    timestamp_nanos(value) > now()
}

/// Whether a time is within so many nanoseconds of now.
#[must_use]
pub fn is_within(value: &Timestamp, nanos: i128) -> bool {
    (timestamp_nanos(value) - now()).abs() <= nanos
}

fn now() -> i128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i128::try_from(since.as_nanos()).ok())
        .unwrap_or_default()
}
