use std::{fmt, time::Duration};

use seaworthy_core::{Code, Error};

use crate::{PublishError, transport::Cause};

/// Why a handler did not do its work, and what is to happen with the message.
///
/// An [`Error`] of the domain becomes one by `?`: what blames the message itself (invalid, unprocessable, too large) rejects it, everything
/// else is tried again: what is not found may be on its way.
///
/// ```
/// use seaworthy_core::{Code, Error};
/// use seaworthy_messaging::Failure;
///
/// let failure = Failure::from(Error::new(Code::Unavailable, "STORE_DOWN", "the store cannot be reached"));
/// assert_eq!(failure.class(), "STORE_DOWN");
/// assert!(failure.is_retryable());
/// ```
pub struct Failure {
    pub(crate) remedy: Remedy,
    class: String,
    cause: Cause,
}

/// What is to happen with the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    Retry,
    Delay(Duration),
    Reject,
    Drop,
}

impl Failure {
    /// Tries again with growing pauses; after the last attempt the message is dead.
    pub fn retry(cause: impl Into<Cause>) -> Self {
        Self::new(Remedy::Retry, "RETRY", cause)
    }

    /// Tries again after `pause`, at most five minutes, instead of the usual pause. It counts as an attempt.
    pub fn delay(pause: Duration, cause: impl Into<Cause>) -> Self {
        Self::new(Remedy::Delay(pause), "DELAY", cause)
    }

    /// The message is dead at once: another attempt would only repeat the failure.
    pub fn reject(cause: impl Into<Cause>) -> Self {
        Self::new(Remedy::Reject, "REJECT", cause)
    }

    /// Nobody needs the message: it is counted, told in the log, and gone.
    pub fn drop(reason: impl Into<Cause>) -> Self {
        Self::new(Remedy::Drop, "DROP", reason)
    }

    fn new(remedy: Remedy, class: &str, cause: impl Into<Cause>) -> Self {
        Self {
            remedy,
            class: class.to_owned(),
            cause: cause.into(),
        }
    }

    /// Names the kind of failure, by which dead letters are grouped: upper snake case, as reasons of errors are.
    #[must_use]
    pub fn with_class(mut self, class: impl Into<String>) -> Self {
        self.class = class.into();
        self
    }

    /// The kind of failure.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }

    /// Whether another attempt is made, as long as there are any left.
    #[must_use]
    pub const fn is_retried(&self) -> bool {
        matches!(self.remedy, Remedy::Retry | Remedy::Delay(_))
    }

    /// The sentence and its causes.
    pub(crate) fn explanation(&self) -> String {
        let mut text = self.cause.to_string();
        let mut next = self.cause.source();
        while let Some(cause) = next {
            let below = cause.to_string();
            if !text.ends_with(&below) {
                text.push_str(": ");
                text.push_str(&below);
            }
            next = cause.source();
        }
        text
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let remedy = match error.code() {
            Code::Invalid
            | Code::Unprocessable
            | Code::TooLarge
            | Code::UnsupportedMediaType
            | Code::Unimplemented => Remedy::Reject,
            _ => error.retry_after().map_or(Remedy::Retry, Remedy::Delay),
        };
        let class = error.reason().to_owned();
        Self::new(remedy, &class, error)
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let remedy = if error.is_transient() || matches!(error, PublishError::Closed) {
            Remedy::Retry
        } else {
            Remedy::Reject
        };
        Self::new(remedy, "PUBLISH_FAILED", error)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Failure")
            .field("remedy", &self.remedy)
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
