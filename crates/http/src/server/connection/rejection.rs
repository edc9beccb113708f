//! The response to a request that never reaches the service: the problem document that the service
//! itself would send (API-2).

use std::net::SocketAddr;

use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
};
use seaworthy_core::{Code, Error, Problem, RequestId};

use crate::{RequestIds, request_id};

/// The reason why a request does not reach the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// The bytes are not a valid request, or two parsers could read them differently.
    Malformed,
    /// The request does not have exactly one valid host.
    Host,
    /// The head did not arrive in time.
    SlowHead,
    /// The request target exceeds `limits.head.max_uri_length`.
    LongTarget,
    /// The head exceeds `limits.head.max_size`.
    LargeHead,
    /// The head has more headers than `limits.head.max_headers`.
    ManyHeaders,
    /// The body exceeds `limits.body.max_size`.
    LargeBody,
}

impl Rejection {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Malformed | Self::Host => StatusCode::BAD_REQUEST,
            Self::SlowHead => StatusCode::REQUEST_TIMEOUT,
            Self::LongTarget => StatusCode::URI_TOO_LONG,
            Self::LargeHead | Self::ManyHeaders => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::LargeBody => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    fn error(self) -> Error {
        let (code, reason, message) = match self {
            Self::Malformed => (
                Code::Invalid,
                "MALFORMED_REQUEST",
                "the request is not valid HTTP",
            ),
            Self::Host => (
                Code::Invalid,
                "INVALID_HOST",
                "the request must have exactly one valid host",
            ),
            Self::SlowHead => (
                Code::RequestTimeout,
                "HEAD_TIMEOUT",
                "the head of the request did not arrive in time",
            ),
            Self::LongTarget => (
                Code::TooLarge,
                "URI_TOO_LONG",
                "the request target is longer than the limit",
            ),
            Self::LargeHead => (
                Code::TooLarge,
                "HEAD_TOO_LARGE",
                "the head of the request is larger than the limit",
            ),
            Self::ManyHeaders => (
                Code::TooLarge,
                "TOO_MANY_HEADERS",
                "the request has more headers than the limit",
            ),
            Self::LargeBody => (
                Code::TooLarge,
                "BODY_TOO_LARGE",
                "the request body is larger than the limit",
            ),
        };
        Error::new(code, reason, message)
    }

    /// The headers and the body of the response. The log has the same request ID.
    pub(super) fn response(self, id: &RequestId, peer: SocketAddr) -> (HeaderMap, Bytes) {
        let error = self.error();
        tracing::debug!(%peer, request_id = id.as_str(), reason = error.reason(), "request rejected");
        let status = self.status();
        let problem = Problem::new(&error, Some(id));
        let problem = match status.canonical_reason() {
            Some(title) if status.as_u16() != error.code().http_status() => {
                problem.with_status(status.as_u16(), title)
            }
            _ => problem,
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut headers = HeaderMap::new();
        let kind = HeaderValue::from_static(Problem::MEDIA_TYPE);
        headers.insert(CONTENT_TYPE, kind);
        request_id::apply(id, RequestIds::Any, &mut headers);
        (headers, body.into())
    }

    /// The response as bytes of HTTP/1, for a connection whose parser does not send a response.
    pub(super) fn http1(self, peer: SocketAddr) -> Vec<u8> {
        let (headers, body) = self.response(&RequestId::generate(), peer);
        let status = self.status();
        let reason = status.canonical_reason().unwrap_or_default();
        let date = httpdate::fmt_http_date(std::time::SystemTime::now());
        let length = body.len();
        let mut bytes = format!(
            "HTTP/1.1 {} {reason}\r\nconnection: close\r\ndate: {date}\r\ncontent-length: {length}\r\n",
            status.as_u16()
        )
        .into_bytes();
        for (name, value) in &headers {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&body);
        bytes
    }
}
