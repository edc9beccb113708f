use std::time::Duration;

use http::{Extensions, HeaderMap, HeaderName, Response, StatusCode, header::CONTENT_TYPE};
use seaworthy_contract::error::from_status;
use seaworthy_resilience::{Classify, ClassifyHttp, Outcome, circuit_breaker::DeferredReport};
use tonic::{Code, Status};

use super::balance::ConnectionRefused;

const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");
/// The prefix of every gRPC content type, such as `application/grpc+proto`.
const GRPC_TYPE: &[u8] = b"application/grpc";

/// Marks the response of a replica that has healthy peers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HasPeers;

/// The outcome of a response: by the status in its headers, else by the status in its trailers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClassifyGrpc;

impl<B> Classify<Response<B>, Status> for ClassifyGrpc {
    const DEFERS: bool = true;

    fn classify(&self, result: Result<&Response<B>, &Status>) -> Outcome {
        match result {
            Ok(response) => match Status::from_header_map(response.headers()) {
                Some(status) => {
                    let outcome = of_status(&status, response.headers());
                    for_peers(response.extensions(), outcome)
                }
                None if is_foreign(response) => Outcome::Permanent,
                // Proxies respond in HTTP.
                None => ClassifyHttp.classify(Ok::<_, &Status>(response)),
            },
            Err(status) if is_connection_refused(status) => Outcome::Unreachable,
            Err(status) => of_status(status, &HeaderMap::new()),
        }
    }

    fn breaker_outcome(&self, response: &Response<B>, outcome: Outcome) -> Outcome {
        let has_peers = response.extensions().get::<HasPeers>().is_some();
        in_failure_rate(outcome, has_peers)
    }

    fn defer(&self, response: &mut Response<B>, report: DeferredReport) -> Option<DeferredReport> {
        if response.headers().contains_key("grpc-status") {
            return Some(report);
        }
        report.insert_into(response);
        None
    }
}

/// Returns whether every address refused the connection.
fn is_connection_refused(status: &Status) -> bool {
    let source = std::error::Error::source(status);
    source.is_some_and(|source| source.is::<ConnectionRefused>())
}

/// Whether a successful HTTP response is not a gRPC response, such as a page of a proxy.
fn is_foreign<B>(response: &Response<B>) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    let is_grpc = content_type.is_some_and(|value| value.as_bytes().starts_with(GRPC_TYPE));
    response.status() == StatusCode::OK && !is_grpc
}

/// Failures in a row of one replica end with its ejection, after as many calls as open the breaker.
/// They count in the failure rate of the breaker, but not as consecutive failures.
fn for_peers(extensions: &Extensions, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Transient { retry_after } if extensions.get::<HasPeers>().is_some() => {
            Outcome::Throttled { retry_after }
        }
        outcome => outcome,
    }
}

/// The report to the breaker about a response whose status comes after its messages. Dropping it
/// reports a success.
pub(crate) struct StatusReport {
    report: DeferredReport,
    has_peers: bool,
}

impl StatusReport {
    /// Takes the report from the extensions of a response.
    pub(crate) fn take_from<B>(response: &mut Response<B>) -> Option<Self> {
        let has_peers = response.extensions().get::<HasPeers>().is_some();
        let report = DeferredReport::take_from(response)?;
        Some(Self { report, has_peers })
    }

    /// Reports the outcome of the body. No policy retries the call, because its response has begun.
    pub(crate) fn finish(self, outcome: Outcome) {
        self.report.finish(in_failure_rate(outcome, self.has_peers));
    }
}

/// Returns the outcome that the breaker counts. A failure of a replica with healthy peers is not a
/// consecutive failure of the dependency.
fn in_failure_rate(outcome: Outcome, has_peers: bool) -> Outcome {
    match outcome {
        Outcome::Transient { .. } | Outcome::Permanent if has_peers => {
            Outcome::Throttled { retry_after: None }
        }
        outcome => outcome,
    }
}

/// Returns the outcome of a status. The delay comes from `grpc-retry-pushback-ms`, whose negative
/// values forbid retries, or from `RetryInfo`.
pub(crate) fn of_status(status: &Status, headers: &HeaderMap) -> Outcome {
    let pushback = headers.get(PUSHBACK).map(|value| {
        let text = value.to_str().unwrap_or_default();
        text.parse().ok().map(Duration::from_millis)
    });
    let retry_after = match pushback {
        Some(wait) => wait,
        None if status.details().is_empty() => None,
        None => from_status(status).retry_after(),
    };
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted
            if pushback == Some(None) =>
        {
            Outcome::Permanent
        }
        Code::Unavailable | Code::DeadlineExceeded => Outcome::Transient { retry_after },
        Code::ResourceExhausted => Outcome::Throttled { retry_after },
        Code::Unknown | Code::Internal | Code::DataLoss => Outcome::Permanent,
        Code::Cancelled => Outcome::Neutral,
        _ => Outcome::Success,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;
    use seaworthy_contract::error::to_status;
    use seaworthy_core::Error;

    use super::*;

    #[test]
    fn reads_retry_delay_from_header_and_details_res_2() {
        let outcome_of = |text: &str| {
            let headers = HeaderMap::from_iter([(PUSHBACK, text.parse().unwrap())]);
            of_status(&Status::unavailable(""), &headers)
        };
        let wait = |milliseconds| Outcome::Transient {
            retry_after: Some(Duration::from_millis(milliseconds)),
        };
        assert_eq!(outcome_of("250"), wait(250));
        assert_eq!(outcome_of("0"), wait(0));
        for forbidden in ["-1", "", "soon", "1.5", "18446744073709551616"] {
            assert_eq!(outcome_of(forbidden), Outcome::Permanent, "{forbidden}");
        }
        let error = Error::new(seaworthy_core::Code::Exhausted, "RATE_LIMITED", "later");
        let status = to_status(&error.with_retry_after(Duration::from_secs(3)));
        assert_eq!(
            of_status(&status, &HeaderMap::new()),
            Outcome::Throttled {
                retry_after: Some(Duration::from_secs(3))
            }
        );
    }

    #[test]
    fn client_errors_are_successes_of_dependency_res_1() {
        for code in [
            Code::NotFound,
            Code::InvalidArgument,
            Code::Aborted,
            Code::Unimplemented,
        ] {
            let outcome = of_status(&Status::new(code, ""), &HeaderMap::new());
            assert_eq!(outcome, Outcome::Success, "{code}");
        }
    }

    /// Bytes that HTTP allows in a header value.
    fn value() -> impl Strategy<Value = HeaderValue> {
        let byte = (b' '..=u8::MAX).prop_filter("DEL is not allowed", |byte| *byte != 0x7f);
        let bytes = prop_oneof![
            prop::collection::vec(byte, 0..40),
            "-?[0-9]{0,24}".prop_map(String::into_bytes),
            "[A-Za-z0-9+/=%]{0,40}".prop_map(String::into_bytes),
        ];
        bytes.prop_map(|bytes| HeaderValue::from_bytes(&bytes).unwrap())
    }

    proptest! {
        #[test]
        fn hostile_status_headers_are_an_outcome_res_2(
            headers in prop::collection::vec(
                (
                    prop::sample::select(vec![
                        "grpc-status",
                        "grpc-message",
                        "grpc-status-details-bin",
                        "grpc-retry-pushback-ms",
                        "content-type",
                    ]),
                    value(),
                ),
                0..8,
            ),
            http_status in 100_u16..600,
        ) {
            let mut response = Response::new(());
            *response.status_mut() = StatusCode::from_u16(http_status).unwrap();
            for (name, value) in headers {
                response.headers_mut().append(name, value);
            }
            crate::client::status_details::remove_malformed(response.headers_mut());
            let outcome = ClassifyGrpc.classify(Ok(&response));
            let status = Status::from_header_map(response.headers());
            let is_ok = status.as_ref().is_some_and(|status| status.code() == Code::Ok);
            if is_ok {
                prop_assert_eq!(outcome, Outcome::Success);
            }
            if let Some(status) = status {
                let error = from_status(&status);
                prop_assert!(!error.reason().is_empty());
            }
            let pushback = response.headers().get(PUSHBACK);
            if pushback.is_some_and(|value| value.as_bytes().starts_with(b"-")) {
                let may_retry = matches!(outcome, Outcome::Transient { retry_after: Some(_) });
                prop_assert!(!may_retry, "{:?}", outcome);
            }
        }
    }
}
