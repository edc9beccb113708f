use std::time::Duration;

use seaworthy_core::{Code, Error};

use crate::{CallError, circuit_breaker::LateReport};

/// What a finished call says about the dependency and about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The dependency did its work. An answer that blames the caller (a 404, a 409) is a success of the dependency.
    Success,
    /// The dependency failed, and the same call may succeed later; `retry_after` is what it asked for, if it did.
    Transient {
        /// How long the dependency asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// The dependency is well and asks for less (429, `RESOURCE_EXHAUSTED`): counts in a failure rate, but never as a run of failures, and may be tried
    /// again after the given time.
    Throttled {
        /// How long the dependency asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// The dependency refused the connection, so it did not see the call. Any call may be retried.
    Unreachable,
    /// The dependency failed in a way that another try would only repeat (a 500, a broken answer).
    Permanent,
    /// It says nothing about the dependency: the call was refused here, or its caller went away.
    Neutral,
}

impl Outcome {
    /// A failure that may pass, without advice on when.
    pub const TRANSIENT: Self = Self::Transient { retry_after: None };

    /// Whether another try may succeed.
    #[must_use]
    pub const fn may_be_retried(self) -> bool {
        matches!(
            self,
            Self::Transient { .. } | Self::Throttled { .. } | Self::Unreachable
        )
    }

    /// The time that the dependency asked for.
    #[must_use]
    pub const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Transient { retry_after } | Self::Throttled { retry_after } => retry_after,
            Self::Success | Self::Unreachable | Self::Permanent | Self::Neutral => None,
        }
    }
}

/// Tells what an answer of a protocol means. It never sees refusals and timeouts: those are ours and the layers know them.
pub trait Classify<Response, Error>: Clone {
    /// The meaning of one answer or error.
    fn classify(&self, result: Result<&Response, &Error>) -> Outcome;

    /// Whether [`defer`](Self::defer) is asked: a call whose answer is all there pays nothing for it.
    const DEFERS: bool = false;

    /// Takes over the report of a success whose answer has a body that may still break off. The default judges the answer as it is: it gives the report back.
    fn defer(&self, _response: &mut Response, report: LateReport) -> Option<LateReport> {
        Some(report)
    }
}

/// Every response is a success. Every error is a failure that may pass; take [`ClassifyCodes`] for a [`seaworthy_core::Error`], whose code says more.
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

/// Judges a [`seaworthy_core::Error`] by its [`Code`].
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

/// What a finished call means, our own refusals and timeouts included.
pub(crate) fn outcome_of<T, E, C: Classify<T, E>>(
    classify: &C,
    result: &Result<T, CallError<E>>,
) -> Outcome {
    match result {
        Ok(response) => classify.classify(Ok(response)),
        Err(CallError::Failed(error)) => classify.classify(Err(error)),
        Err(CallError::TimedOut(_)) => Outcome::TRANSIENT,
        Err(CallError::Refused(_)) => Outcome::Neutral,
    }
}
