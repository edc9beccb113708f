use std::{error::Error as StdError, fmt, time::Duration};

use seaworthy_core::{Code, Error, error_chain};
use seaworthy_resilience::{Rejection, RejectionReason};

use crate::{PublishError, transport::Cause};

/// The error of a handler, with the disposition of its message.
///
/// The operator `?` converts an [`Error`] of the domain. An error about the message, such as
/// invalid, unprocessable or too large, rejects the message. Any other error is retried, also "not
/// found", because the missing object may arrive later.
///
/// ```
/// use seaworthy_core::{Code, Error, error_chain};
/// use seaworthy_messaging::Failure;
///
/// let failure = Failure::from(Error::new(Code::Unavailable, "STORE_DOWN", "the store cannot be reached"));
/// assert_eq!(failure.class(), "STORE_DOWN");
/// assert!(failure.is_retryable());
/// ```
pub struct Failure {
    pub(crate) disposition: Disposition,
    class: String,
    cause: Cause,
}

/// The action of the consumer for the message of a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    Retry,
    Delay(Duration),
    /// Retries without counting the attempt, after the backoff that the policy advised.
    Postpone(Option<Duration>),
    Reject,
    Drop,
}

impl Failure {
    /// Retries with exponential backoff. After the last retry the message is dead-lettered.
    ///
    /// A [`Rejection`] in the chain of causes, such as that of an open circuit breaker, does not
    /// count as an attempt. The dependency was not called.
    pub fn retry(cause: impl Into<Cause>) -> Self {
        Self::new(Disposition::Retry, "RETRY", cause)
    }

    /// Retries after `backoff`, at most five minutes, instead of the configured backoff. It counts
    /// as a retry.
    pub fn delay(backoff: Duration, cause: impl Into<Cause>) -> Self {
        Self::new(Disposition::Delay(backoff), "DELAY", cause)
    }

    /// Dead-letters the message without a retry, because a retry would fail in the same way.
    pub fn reject(cause: impl Into<Cause>) -> Self {
        Self::new(Disposition::Reject, "REJECT", cause)
    }

    /// Drops the message without a dead letter. The consumer counts and logs it.
    pub fn drop(reason: impl Into<Cause>) -> Self {
        Self::new(Disposition::Drop, "DROP", reason)
    }

    fn new(disposition: Disposition, class: &str, cause: impl Into<Cause>) -> Self {
        let cause = cause.into();
        let disposition = match (disposition, rejection(&*cause)) {
            (Disposition::Retry | Disposition::Delay(_), Some(rejection)) => {
                Disposition::Postpone(rejection.retry_after())
            }
            (disposition, _) => disposition,
        };
        Self {
            disposition,
            class: class.to_owned(),
            cause,
        }
    }

    /// Sets the class of the failure, by which dead letters are grouped, in upper snake case.
    #[must_use]
    pub fn with_class(mut self, class: impl Into<String>) -> Self {
        self.class = class.into();
        self
    }

    /// Returns the class of the failure.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }

    /// Whether the consumer retries the message while retries are left.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self.disposition,
            Disposition::Retry | Disposition::Delay(_) | Disposition::Postpone(_)
        )
    }

    /// Returns the error and its causes as one text.
    pub(crate) fn error_chain(&self) -> String {
        error_chain(self.cause.as_ref())
    }
}

/// Returns the rejection of a policy that prevented the call to its dependency.
fn rejection<'a>(mut cause: &'a (dyn StdError + 'static)) -> Option<&'a Rejection> {
    let rejection = loop {
        match cause.downcast_ref::<Rejection>() {
            Some(rejection) => break rejection,
            None => cause = cause.source()?,
        }
    };
    matches!(
        rejection.reason(),
        RejectionReason::CircuitOpen
            | RejectionReason::BulkheadFull
            | RejectionReason::DependencyLimited
            | RejectionReason::Overloaded
            | RejectionReason::Degraded
    )
    .then_some(rejection)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let disposition = match error.code() {
            Code::Invalid
            | Code::Unprocessable
            | Code::TooLarge
            | Code::UnsupportedMediaType
            | Code::Unimplemented => Disposition::Reject,
            _ => error
                .retry_after()
                .map_or(Disposition::Retry, Disposition::Delay),
        };
        let class = error.reason().to_owned();
        Self::new(disposition, &class, error)
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let disposition = if error.is_transient() || matches!(error, PublishError::Closed) {
            Disposition::Retry
        } else {
            Disposition::Reject
        };
        Self::new(disposition, "PUBLISH_FAILED", error)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Failure")
            .field("disposition", &self.disposition)
            .field("class", &self.class)
            .field("cause", &self.cause)
            .finish()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.class, self.cause)
    }
}
