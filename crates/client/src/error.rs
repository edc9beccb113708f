use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use http::StatusCode;
use seaworthy_core::{ByteSize, Code, Error};
use seaworthy_resilience::Rejection;

/// An error of a call. It contains the host and the limit, and never a path, query, header or body,
/// which may be secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The request is not valid.
    #[error("the request to {client} is not valid: {problem}")]
    Request {
        /// Name of the client. It is empty if the client is not known yet.
        client: Arc<str>,
        /// Description of the problem.
        problem: &'static str,
    },
    /// A policy rejected the call before it was sent.
    #[error("{host}: {rejection}")]
    Rejected {
        /// Host and port.
        host: Arc<str>,
        /// The policy, and when to retry.
        rejection: Rejection,
    },
    /// A timeout or the deadline was reached.
    #[error("{host}: no response within {after:?} ({kind})")]
    TimedOut {
        /// Host and port.
        host: Arc<str>,
        /// The timeout.
        kind: TimeoutKind,
        /// The allowed time.
        after: Duration,
    },
    /// The client may not connect to this address.
    #[error("{host}: {address} is not a public address: set addresses to \"any\" to allow it")]
    AddressDenied {
        /// Host and port.
        host: Arc<str>,
        /// The resolved address.
        address: IpAddr,
    },
    /// The credentials are not available, so the attempt was not made.
    #[error("{host}: the credentials are not available")]
    Credentials {
        /// Host and port.
        host: Arc<str>,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Name resolution, TCP or TLS failed.
    #[error("{host}: cannot connect")]
    Connect {
        /// Host and port.
        host: Arc<str>,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection failed during the request.
    #[error("{host}: the connection failed during the request")]
    Exchange {
        /// Host and port.
        host: Arc<str>,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The response body exceeds `max_response_size`. The rest was not read.
    #[error("{host}: the response body exceeds {limit} {of}")]
    TooLarge {
        /// Host and port.
        host: Arc<str>,
        /// The maximum size.
        limit: ByteSize,
        /// The measured size.
        of: BodySize,
    },
    /// The body does not match its `Content-Encoding`.
    #[error("{host}: the response body cannot be decompressed")]
    Decompression {
        /// Host and port.
        host: Arc<str>,
        /// The cause.
        source: std::io::Error,
    },
    /// A redirect was rejected.
    #[error("{host}: the redirect was rejected: {problem}")]
    Redirect {
        /// Host and port that sent the redirect.
        host: Arc<str>,
        /// The cause.
        problem: RedirectProblem,
    },
    /// The status is not 2xx. See [`HttpResponse::success`](crate::HttpResponse::success).
    #[error("{host}: status {status}")]
    Status {
        /// Host and port.
        host: Arc<str>,
        /// The status.
        status: StatusCode,
        /// The `Retry-After` of the response.
        retry_after: Option<Duration>,
    },
    /// The body is not the expected JSON. The error omits the body, which may be personal data.
    #[error("{host}: the response body is not the expected JSON (line {line}, column {column})")]
    Json {
        /// Host and port.
        host: Arc<str>,
        /// Line, from 1.
        line: usize,
        /// Column, from 1. It is 0 for an empty line.
        column: usize,
    },
    /// The body is not UTF-8.
    #[error("{host}: the response body is not UTF-8")]
    Text {
        /// Host and port.
        host: Arc<str>,
    },
}

/// The timeout or deadline that ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutKind {
    /// `connect_timeout`: name resolution, TCP and TLS.
    Connect,
    /// `policies.attempt_timeout`: the head of one response.
    Head,
    /// `idle_timeout`: between two parts of a body.
    Idle,
    /// `policies.total_timeout` or the shorter timeout of the request: all attempts, redirects and
    /// the body.
    Total,
    /// The deadline of the current request.
    Deadline,
}

/// The measured size of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodySize {
    /// The received or announced size.
    Received,
    /// The size after decompression.
    Decompressed,
}

/// The reason why a redirect was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedirectProblem {
    /// The call exceeds `redirects.max_redirects`.
    TooMany,
    /// The redirect leads from https to http.
    Downgrade,
    /// The redirect leaves the origin of `base_url`, and `redirects.allow_other_origins` is off.
    Origin,
    /// `Location` is missing or is not a URL that the client may call.
    Location,
    /// The request body was a stream, which cannot be sent again.
    Body,
}

impl ClientError {
    pub(crate) fn url(problem: &'static str) -> Self {
        Self::Request {
            client: Arc::from(""),
            problem,
        }
    }

    pub(crate) fn of_client(self, name: &Arc<str>) -> Self {
        match self {
            Self::Request { problem, .. } => Self::Request {
                client: Arc::clone(name),
                problem,
            },
            other => other,
        }
    }

    /// Returns the machine-readable reason, which metrics and spans use as a label.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Request { .. } => "INVALID_REQUEST",
            Self::Rejected { rejection, .. } => rejection.reason().as_str(),
            Self::TimedOut { kind, .. } => kind.reason(),
            Self::AddressDenied { .. } => "ADDRESS_DENIED",
            Self::Credentials { .. } => "NO_CREDENTIALS",
            Self::Connect { .. } => "CONNECT_FAILED",
            Self::Exchange { .. } => "EXCHANGE_FAILED",
            Self::TooLarge { .. } => "RESPONSE_TOO_LARGE",
            Self::Decompression { .. } => "DECOMPRESSION_FAILED",
            Self::Redirect { .. } => "REDIRECT_REJECTED",
            Self::Status { .. } => "UNEXPECTED_STATUS",
            Self::Json { .. } | Self::Text { .. } => "UNEXPECTED_RESPONSE",
        }
    }
}

impl TimeoutKind {
    const fn reason(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT_TIMEOUT",
            Self::Head => "HEAD_TIMEOUT",
            Self::Idle => "IDLE_TIMEOUT",
            Self::Total => "TOTAL_TIMEOUT",
            Self::Deadline => "DEADLINE_EXCEEDED",
        }
    }
}

impl fmt::Display for TimeoutKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connect => "connect_timeout",
            Self::Head => "policies.attempt_timeout",
            Self::Idle => "idle_timeout",
            Self::Total => "policies.total_timeout",
            Self::Deadline => "the deadline of the request",
        })
    }
}

impl fmt::Display for BodySize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Received => "as received",
            Self::Decompressed => "after decompression",
        })
    }
}

impl fmt::Display for RedirectProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooMany => "the call exceeds redirects.max_redirects",
            Self::Downgrade => "it leads from https to http",
            Self::Origin => "it leaves the origin of base_url",
            Self::Location => "its Location is not an http or https URL",
            Self::Body => "the request body was a stream, which cannot be sent again",
        })
    }
}

/// Callers get only the fact that a dependency failed, and when to retry. The cause contains the
/// host.
impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        let retry_after = match &error {
            ClientError::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        match error {
            ClientError::Rejected { rejection, .. } => rejection.into(),
            ClientError::Request { .. } | ClientError::Credentials { .. } => Self::internal(error),
            ClientError::TimedOut { .. } => Self::new(
                Code::DeadlineExceeded,
                "TIMEOUT",
                "a dependency of this service did not respond in time",
            )
            .with_cause(error),
            _ => {
                let public = Self::new(
                    Code::Unavailable,
                    "DEPENDENCY_FAILED",
                    "a dependency of this service is failing: try again later",
                );
                let public = match retry_after {
                    Some(wait) => public.with_retry_after(wait),
                    None => public,
                };
                public.with_cause(error)
            }
        }
    }
}
