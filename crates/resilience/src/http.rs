use std::time::{Duration, SystemTime};

use ::http::{HeaderMap, Response, StatusCode, header::RETRY_AFTER};

use crate::{Classify, Outcome};

/// Judges an HTTP response by its status, and every transport error as one that may pass.
///
/// 408, 425, 502, 503 and 504 may pass; 429 asks for less; any other status from 500 is a failure that another try would repeat; the rest are successes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassifyHttp;

impl<B, E> Classify<Response<B>, E> for ClassifyHttp {
    fn classify(&self, result: Result<&Response<B>, &E>) -> Outcome {
        let Ok(response) = result else {
            return Outcome::TRANSIENT;
        };
        let advice = || retry_after(response.headers());
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS => Outcome::Throttled {
                retry_after: advice(),
            },
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_EARLY
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Outcome::Transient {
                retry_after: advice(),
            },
            status if status.is_server_error() => Outcome::Permanent,
            _ => Outcome::Success,
        }
    }
}

/// `Retry-After` in both its forms (RFC 9110, section 10.2.3). A date that has passed is no wait; one that cannot be read is no advice.
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
    fn a_status_says_who_failed_and_whether_to_try_again_res_2() {
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
    fn retry_after_is_read_as_seconds_and_as_a_date_res_2() {
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
}
