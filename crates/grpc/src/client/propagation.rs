use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// The largest number that the protocol has room for, in milliseconds 27 hours.
const LONGEST_TIMEOUT: u128 = 99_999_999;

/// Tells how long the answer is waited for.
pub(super) fn tell_time(headers: &mut HeaderMap, left: Duration) {
    let milliseconds = left.as_millis().clamp(1, LONGEST_TIMEOUT);
    if let Ok(value) = HeaderValue::try_from(format!("{milliseconds}m")) {
        headers.insert(GRPC_TIMEOUT, value);
    }
}
