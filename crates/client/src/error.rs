use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use http::StatusCode;
use seaworthy_core::{ByteSize, Code, Error};
use seaworthy_resilience::Refusal;

/// Why a call gave no answer. It names the host and the limit, and never a path, a query, a header or a body: any of these may be secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The request cannot be made of what was given.
    #[error("the request to {client} cannot be made: {problem}")]
    Request {
        /// The name of the client; empty where it is not known yet.
        client: Arc<str>,
        /// What is wrong.
        problem: &'static str,
    },
    /// A policy of this process refused the call; the dependency never saw it.
    #[error("{host}: {refusal}")]
    Refused {
        /// Host and port.
        host: Arc<str>,
        /// Which policy, and when another try may be worth it.
        refusal: Refusal,
    },
    /// A limit of time was reached.
    #[error("{host}: {limit} is used up: nothing within {after:?}")]
    TimedOut {
        /// Host and port.
        host: Arc<str>,
        /// Which limit.
        limit: Limit,
        /// The time that was allowed.
        after: Duration,
    },
    /// The guard does not let the client connect to this address.
    #[error(
        "{host}: the address {address} is not public, and this client calls public addresses alone"
    )]
    AddressDenied {
        /// Host and port.
        host: Arc<str>,
        /// The address behind the name.
        address: IpAddr,
    },
    /// This client cannot prove who it is, so the attempt was not made.
    #[error("{host}: nothing proves who calls")]
    Credentials {
        /// Host and port.
        host: Arc<str>,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No connection could be made: the name, TCP or TLS failed.
    #[error("{host}: no connection")]
    Connect {
        /// Host and port.
        host: Arc<str>,
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection failed under the request.
    #[error("{host}: the exchange broke off")]
    Exchange {
        /// Host and port.
        host: Arc<str>,
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The body of the answer is larger than it may be. No more of it was read.
    #[error("{host}: the answer is larger than {limit} {of}")]
    TooLarge {
        /// Host and port.
        host: Arc<str>,
        /// The bound.
        limit: ByteSize,
        /// What was measured.
        of: SizeOf,
    },
    /// The body is not what its `Content-Encoding` says.
    #[error("{host}: the answer cannot be decompressed")]
    Decompression {
        /// Host and port.
        host: Arc<str>,
        /// What failed.
        source: std::io::Error,
    },
    /// A redirect was not followed.
    #[error("{host}: a redirect is not followed: {problem}")]
    Redirect {
        /// Host and port that sent the redirect.
        host: Arc<str>,
        /// Why not.
        problem: RedirectProblem,
    },
    /// The status is not one of success; see [`HttpResponse::success`](crate::HttpResponse::success).
    #[error("{host}: status {status}")]
    Status {
        /// Host and port.
        host: Arc<str>,
        /// The status.
        status: StatusCode,
        /// When another try may be worth it.
        retry_after: Option<Duration>,
    },
    /// The body is not the JSON that was expected. What it is instead is not told: it may be personal.
    #[error("{host}: the answer is not the JSON that is expected (line {line}, column {column})")]
    Json {
        /// Host and port.
        host: Arc<str>,
        /// Line, from 1.
        line: usize,
        /// Column, from 1; 0 where the line is empty.
        column: usize,
    },
    /// The body is not text in UTF-8.
    #[error("{host}: the answer is not text in UTF-8")]
    Text {
        /// Host and port.
        host: Arc<str>,
    },
}

/// A limit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// `connect_timeout`: name, TCP and TLS.
    Connect,
    /// `policies.attempt_timeout`: the head of one answer.
    Head,
    /// `idle_timeout`: between two parts of a body.
    Idle,
    /// `policies.total_timeout`, or the request's own shorter one: the call with all attempts, redirects and its body.
    Total,
    /// The deadline of the request that is being served.
    Deadline,
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SizeOf {
    /// The body as it came, or as it was announced.
    Received,
    /// The body after decompression.
    Decompressed,
}

/// Why a redirect is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedirectProblem {
    /// More than `redirects.max_redirects`.
    TooMany,
    /// It leads from https to http.
    Downgrade,
    /// It leaves the origin of the client's base URL, and `redirects.allow_other_origins` is not set.
    Origin,
    /// `Location` is missing, no URL, or one that this client does not call.
    Location,
    /// The body was a stream and is gone.
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

    /// The machine-readable reason, in upper snake case: the label of metrics and spans.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Request { .. } => "INVALID_REQUEST",
            Self::Refused { refusal, .. } => refusal.by().reason(),
            Self::TimedOut { limit, .. } => limit.reason(),
            Self::AddressDenied { .. } => "ADDRESS_DENIED",
            Self::Credentials { .. } => "NO_CREDENTIALS",
            Self::Connect { .. } => "CONNECT_FAILED",
            Self::Exchange { .. } => "EXCHANGE_FAILED",
            Self::TooLarge { .. } => "ANSWER_TOO_LARGE",
            Self::Decompression { .. } => "DECOMPRESSION_FAILED",
            Self::Redirect { .. } => "REDIRECT_REFUSED",
            Self::Status { .. } => "UNEXPECTED_STATUS",
            Self::Json { .. } | Self::Text { .. } => "UNEXPECTED_ANSWER",
        }
    }
}

impl Limit {
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

impl fmt::Display for Limit {
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

impl fmt::Display for SizeOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Received => "as it comes",
            Self::Decompressed => "after decompression",
        })
    }
}

impl fmt::Display for RedirectProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooMany => "it is one more than redirects.max_redirects",
            Self::Downgrade => "it leads from https to http",
            Self::Origin => "it leaves the origin of the client's base URL",
            Self::Location => "its Location is not one that can be called",
            Self::Body => "the body of the request was a stream and cannot be sent again",
        })
    }
}

/// What callers of this service may know: that something it needs failed, and when to try again. The host is in the cause, for the log.
impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        let retry_after = match &error {
            ClientError::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        match error {
            ClientError::Refused { refusal, .. } => refusal.into(),
            ClientError::Request { .. } | ClientError::Credentials { .. } => Self::internal(error),
            ClientError::TimedOut { .. } => Self::new(
                Code::DeadlineExceeded,
                "TIMEOUT",
                "something this service needs did not answer in time",
            )
            .with_cause(error),
            _ => {
                let public = Self::new(
                    Code::Unavailable,
                    "DEPENDENCY_FAILED",
                    "something this service needs is failing; try again later",
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
