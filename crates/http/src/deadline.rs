//! The timeout of a request (RES-3, LIFE-6): that of the service or the route. A client can shorten
//! it.

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName};
use seaworthy_core::{Code, Deadline, Error, Timeout};

use crate::rpc::{self, Protocol};

const REQUEST_TIMEOUT: HeaderName = HeaderName::from_static("x-request-timeout-ms");

/// Returns the timeout that the client sends, if any. Zero if it has expired. Ignores a malformed
/// value.
pub(crate) fn client_timeout(protocol: Protocol, headers: &HeaderMap) -> Option<Duration> {
    let own = headers
        .get(REQUEST_TIMEOUT)
        .and_then(|value| milliseconds(value.as_bytes()))
        .map(Duration::from_millis);
    match protocol {
        Protocol::Http => own,
        Protocol::Grpc => rpc::grpc_timeout(headers).or(own),
    }
}

/// Returns the time limit from the start of a request until its response begins.
pub(crate) fn allowance(limit: Timeout, value: Option<Duration>) -> Duration {
    value.map_or(limit.get(), |value| limit.get().min(value))
}

fn milliseconds(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(std::str::from_utf8(text).ok()?.parse().unwrap_or(u64::MAX))
}

/// Rejects a request whose deadline is not after its start.
pub(crate) fn check(deadline: Option<Deadline>, started: Instant) -> Result<(), Error> {
    match deadline {
        Some(deadline) if deadline.instant() <= started => Err(exceeded()),
        _ => Ok(()),
    }
}

/// Returns the error for a request past its deadline.
pub(crate) fn exceeded() -> Error {
    Error::new(
        Code::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "the request exceeded its deadline",
    )
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn with(value: &str) -> Duration {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_TIMEOUT, HeaderValue::from_str(value).unwrap());
        allowance(
            Timeout::from_secs(30),
            super::client_timeout(Protocol::Http, &headers),
        )
    }

    #[test]
    fn a_client_shortens_the_timeout_life_6() {
        assert_eq!(with("250"), Duration::from_millis(250));
        assert_eq!(with("0"), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn no_header_lengthens_or_disables_the_timeout_life_6(value in "[ -~]{0,40}") {
            prop_assert!(with(&value) <= Duration::from_secs(30));
        }

        #[test]
        fn no_number_lengthens_the_timeout_life_6(value in "[0-9]{1,40}") {
            prop_assert!(with(&value) <= Duration::from_secs(30));
        }
    }
}
