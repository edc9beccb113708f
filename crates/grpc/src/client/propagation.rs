use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// Maximum value of the protocol. In milliseconds, it is 27 hours.
const MAX_TIMEOUT: u128 = 99_999_999;

/// Sets `grpc-timeout` to the remaining time.
pub(super) fn set_timeout(headers: &mut HeaderMap, left: Duration) {
    let milliseconds = left.as_millis().clamp(1, MAX_TIMEOUT);
    if let Ok(value) = HeaderValue::try_from(format!("{milliseconds}m")) {
        headers.insert(GRPC_TIMEOUT, value);
    }
}
