use seaworthy_core::{Code, Error};
use seaworthy_resilience::{CallError, Elapsed, Rejection};

use crate::{InvalidMailAddress, smtp};

/// Errors of sending a message. Their messages contain no address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// The address is invalid.
    #[error(transparent)]
    Address(#[from] InvalidMailAddress),
    /// The subject is empty, too long, or contains a control character.
    #[error("not a valid subject: use one line of 1 to 200 characters without control characters")]
    Subject,
    /// The message is empty, too large, or cannot be encoded.
    #[error("the message cannot be sent: {0}")]
    Message(&'static str),
    /// The server cannot be reached, or rejected the message temporarily.
    #[error("the mail server temporarily rejected the message{}", code(*.status))]
    Transient {
        /// The status code of the server, if it responded.
        status: Option<u16>,
        /// The error of the client, for logs after redaction.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server rejected the message or the credentials.
    #[error("the mail server rejected the message{}", code(*.status))]
    Permanent {
        /// The status code of the server, if it responded.
        status: Option<u16>,
        /// The error of the client, for logs after redaction.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server did not respond in time. Whether it has the message is unknown.
    #[error("the mail server did not respond in time: {0}")]
    TimedOut(Elapsed),
    /// A policy of this process rejected the call. Nothing was sent.
    #[error(transparent)]
    Rejected(Rejection),
}

fn code(status: Option<u16>) -> String {
    status.map_or_else(String::new, |status| format!(" ({status})"))
}

impl MailError {
    /// Returns whether a retry of the same message may succeed.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Transient { .. } | Self::TimedOut(_) | Self::Rejected(_)
        )
    }

    /// Returns whether the server may have the message. It certainly does not have it after a
    /// status 4xx or 5xx, and if there was no connection.
    #[must_use]
    pub fn may_be_accepted(&self) -> bool {
        match self {
            Self::TimedOut(_) => true,
            Self::Transient {
                status: None,
                cause,
            } => smtp::is_after_connect(&**cause),
            Self::Address(_)
            | Self::Subject
            | Self::Message(_)
            | Self::Transient { .. }
            | Self::Permanent { .. }
            | Self::Rejected(_) => false,
        }
    }
}

impl From<CallError<MailError>> for MailError {
    fn from(error: CallError<MailError>) -> Self {
        match error {
            CallError::Failed(error) => error,
            CallError::TimedOut(elapsed) => Self::TimedOut(elapsed),
            CallError::Rejected(rejection) => Self::Rejected(rejection),
        }
    }
}

impl From<MailError> for Error {
    fn from(error: MailError) -> Self {
        match error {
            error @ (MailError::Address(_) | MailError::Subject | MailError::Message(_)) => {
                Self::new(Code::Invalid, "MAIL_INVALID", error.to_string())
            }
            error if error.is_retryable() => {
                let message = "mail cannot be sent: try again later";
                Self::new(Code::Unavailable, "MAIL_UNAVAILABLE", message).with_cause(error)
            }
            error => Self::internal(error),
        }
    }
}
