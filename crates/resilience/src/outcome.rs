use std::time::Duration;

use seaworthy_core::{Code, Error};

use crate::{CallError, circuit_breaker::DeferredReport};

/// The outcome of a call, for circuit breakers and retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The dependency worked. A response about an error of the caller (404, 409) is a success.
    Success,
    /// The dependency failed, and the same call may succeed later.
    Transient {
        /// The time that the dependency requested before a retry.
        retry_after: Option<Duration>,
    },
    /// The dependency works and rejected the call because of its rate (429, `RESOURCE_EXHAUSTED`).
    /// It counts for the failure rate, but not for consecutive failures.
    Throttled {
        /// The time that the dependency requested before a retry.
        retry_after: Option<Duration>,
    },
    /// The dependency refused the connection or is starting, so it did not process the call. Any
    /// call may be retried.
    Unreachable,
    /// The dependency failed, and a retry would fail too (500, an invalid response).
    Permanent,
    /// The call does not count for the dependency: a policy rejected it, or its caller cancelled
    /// it.
    Neutral,
}

impl Outcome {
    /// A transient failure without `retry_after`.
    pub const TRANSIENT: Self = Self::Transient { retry_after: None };

    /// Returns whether a retry may succeed.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::Transient { .. } | Self::Throttled { .. } | Self::Unreachable
        )
    }

    /// Returns the time that the dependency requested.
    #[must_use]
    pub const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Transient { retry_after } | Self::Throttled { retry_after } => retry_after,
            Self::Success | Self::Unreachable | Self::Permanent | Self::Neutral => None,
        }
    }
}

/// Classifies the responses and errors of a protocol.
///
/// The layers classify rejections and timeouts themselves.
pub trait Classify<Response, Error>: Clone {
    /// Returns the outcome of a response or an error.
    fn classify(&self, result: Result<&Response, &Error>) -> Outcome;

    /// Returns the outcome that the circuit breaker counts for a response. The default is
    /// `outcome`. Retries follow [`classify`](Self::classify) only.
    fn breaker_outcome(&self, _response: &Response, outcome: Outcome) -> Outcome {
        outcome
    }

    /// Whether the layers call [`defer`](Self::defer).
    const DEFERS: bool = false;

    /// Takes the report of a successful response whose body may still fail. The default returns it,
    /// so that the breaker counts the success immediately.
    fn defer(&self, _response: &mut Response, report: DeferredReport) -> Option<DeferredReport> {
        Some(report)
    }
}

/// Classifies every response as a success and every error as transient. Use [`ClassifyCodes`] for a
/// [`seaworthy_core::Error`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassifyErrors;

impl<Response, E> Classify<Response, E> for ClassifyErrors {
    fn classify(&self, result: Result<&Response, &E>) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(_) => Outcome::TRANSIENT,
        }
    }
}

/// Classifies a [`seaworthy_core::Error`] by its [`Code`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassifyCodes;

impl<Response> Classify<Response, Error> for ClassifyCodes {
    fn classify(&self, result: Result<&Response, &Error>) -> Outcome {
        let Err(error) = result else {
            return Outcome::Success;
        };
        let retry_after = error.retry_after();
        match error.code() {
            Code::Unavailable | Code::DeadlineExceeded => Outcome::Transient { retry_after },
            Code::Exhausted => Outcome::Throttled { retry_after },
            Code::Cancelled => Outcome::Neutral,
            Code::Internal => Outcome::Permanent,
            _ => Outcome::Success,
        }
    }
}

/// Returns the outcome of a call, including rejections and timeouts.
pub(crate) fn outcome_of<T, E, C: Classify<T, E>>(
    classify: &C,
    result: &Result<T, CallError<E>>,
) -> Outcome {
    match result {
        Ok(response) => classify.classify(Ok(response)),
        Err(CallError::Failed(error)) => classify.classify(Err(error)),
        Err(CallError::TimedOut(_)) => Outcome::TRANSIENT,
        Err(CallError::Rejected(_)) => Outcome::Neutral,
    }
}
