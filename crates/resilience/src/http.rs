use std::time::{Duration, SystemTime};

use ::http::{HeaderMap, HeaderName, Response, StatusCode, header::RETRY_AFTER};

use crate::{Classify, Outcome};

/// The header of a 503 response to a request that the service did not process. Its value is the
/// reason, such as `starting`. It concerns one connection, so a proxy must not forward it.
pub const UNPROCESSED: HeaderName = HeaderName::from_static("x-unprocessed");

/// Returns whether the service did not process the request, so that any request may be sent again.
#[must_use]
pub fn is_unprocessed<B>(response: &Response<B>) -> bool {
    response.status() == StatusCode::SERVICE_UNAVAILABLE
        && response.headers().contains_key(UNPROCESSED)
}

/// Classifies an HTTP response by its status. Every transport error is transient.
///
/// 408, 425, 502, 503 and 504 are transient, and 429 is throttled. A 503 response with the header
/// [`UNPROCESSED`] is like a refused connection. Other statuses from 500 are permanent failures.
/// The rest are successes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassifyHttp;

impl<B, E> Classify<Response<B>, E> for ClassifyHttp {
    fn classify(&self, result: Result<&Response<B>, &E>) -> Outcome {
        let Ok(response) = result else {
            return Outcome::TRANSIENT;
        };
        if is_unprocessed(response) {
            return Outcome::Unreachable;
        }
        let wait = || retry_after(response.headers());
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS => Outcome::Throttled {
                retry_after: wait(),
            },
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_EARLY
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Outcome::Transient {
                retry_after: wait(),
            },
            // A status above 599 is not valid and counts as a 5xx (RFC 9110, section 15).
            status if status.as_u16() >= 500 => Outcome::Permanent,
            _ => Outcome::Success,
        }
    }
}

/// Parses `Retry-After` as seconds or as a date (RFC 9110, section 10.2.3). A past date is zero. An
/// invalid value is ignored.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let at = httpdate::parse_http_date(text).ok()?;
            Some(at.duration_since(SystemTime::now()).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use ::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn outcome(status: u16, advice: Option<&str>) -> Outcome {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        if let Some(advice) = advice {
            let value = advice.parse().unwrap();
            response.headers_mut().insert(RETRY_AFTER, value);
        }
        ClassifyHttp.classify(Ok::<_, &()>(&response))
    }

    #[test]
    fn classify_http_uses_status_res_2() {
        for status in [200, 301, 400, 404, 409, 422] {
            assert_eq!(outcome(status, None), Outcome::Success, "{status}");
        }
        for status in [408, 425, 502, 503, 504] {
            assert_eq!(outcome(status, None), Outcome::TRANSIENT, "{status}");
        }
        for status in [500, 501, 505] {
            assert_eq!(outcome(status, None), Outcome::Permanent, "{status}");
        }
    }

    #[test]
    fn unprocessed_request_is_like_refused_connection_res_1() {
        let outcome = |status: StatusCode| {
            let mut response = Response::new(());
            *response.status_mut() = status;
            let reason = HeaderValue::from_static("starting");
            response.headers_mut().insert(UNPROCESSED, reason);
            ClassifyHttp.classify(Ok::<_, &()>(&response))
        };
        assert_eq!(
            outcome(StatusCode::SERVICE_UNAVAILABLE),
            Outcome::Unreachable
        );
        // Services send the header with 503 only.
        assert_eq!(outcome(StatusCode::BAD_GATEWAY), Outcome::TRANSIENT);
    }

    #[test]
    fn retry_after_parses_seconds_and_dates_res_2() {
        let wait = |advice| outcome(503, Some(advice)).retry_after();
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
        assert!(wait(&soon).unwrap() > Duration::from_secs(50));
        for broken in ["soon", "-1", "1.5", ""] {
            assert_eq!(wait(broken), None, "{broken}");
        }
        assert_eq!(
            outcome(429, Some("3")),
            Outcome::Throttled {
                retry_after: Some(Duration::from_secs(3))
            }
        );
    }

    proptest! {
        #[test]
        fn classify_http_accepts_arbitrary_retry_after_res_2(
            status in 100_u16..1_000,
            values in proptest::collection::vec(
                prop_oneof![
                    any::<Vec<u8>>(),
                    "[ ]?[0-9]{1,25}[ ,.]?".prop_map(String::into_bytes),
                    "[A-Z][a-z]{2},? [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,5} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|UTC)"
                        .prop_map(String::into_bytes),
                ],
                0..3,
            ),
        ) {
            let mut response = Response::new(());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            for value in values.iter().filter_map(|value| HeaderValue::from_bytes(value).ok()) {
                response.headers_mut().append(RETRY_AFTER, value);
            }
            let outcome = ClassifyHttp.classify(Ok::<_, &()>(&response));
            prop_assert_eq!(outcome == Outcome::Success, status < 500 && !outcome.is_retryable());
            // The error of a service repeats the header.
            let error = seaworthy_core::Error::internal("x");
            let wait = outcome.retry_after().unwrap_or_default();
            prop_assert_eq!(error.with_retry_after(wait).retry_after(), Some(wait));
        }
    }
}
