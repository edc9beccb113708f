use seaworthy_core::{Code, Error};
use seaworthy_resilience::{CallError, Elapsed, Refusal};

use crate::InvalidMailAddress;

/// A message that was not sent. None of the texts holds an address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// The address is none.
    #[error(transparent)]
    Address(#[from] InvalidMailAddress),
    /// The subject is empty, longer than a line may be, or has a line break or another control character.
    #[error(
        "the subject of a message is one line of 1 to 200 characters without control characters"
    )]
    Subject,
    /// The message cannot be written down.
    #[error("the message cannot be written: {0}")]
    Message(&'static str),
    /// The server cannot be reached, or said that it may take the message later.
    #[error("the mail server does not take the message now{}", code(*.status))]
    Transient {
        /// The server's three digits, where it said something.
        status: Option<u16>,
        /// What the client knows; for logs, after redaction.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server will never take the message, or these credentials.
    #[error("the mail server refuses the message{}", code(*.status))]
    Permanent {
        /// The server's three digits, where it said something.
        status: Option<u16>,
        /// What the client knows; for logs, after redaction.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It took too long: whether the server has taken the message is not known.
    #[error("the mail server has not answered: {0}")]
    TimedOut(Elapsed),
    /// A policy of this process refused the call.
    #[error(transparent)]
    Refused(Refusal),
}

fn code(status: Option<u16>) -> String {
    status.map_or_else(String::new, |status| format!(" ({status})"))
}

impl MailError {
    /// Whether the same message may be taken later.
    #[must_use]
    pub const fn may_be_retried(&self) -> bool {
        matches!(
            self,
            Self::Transient { .. } | Self::TimedOut(_) | Self::Refused(_)
        )
    }
}

impl From<CallError<MailError>> for MailError {
    fn from(error: CallError<MailError>) -> Self {
        match error {
            CallError::Failed(error) => error,
            CallError::TimedOut(elapsed) => Self::TimedOut(elapsed),
            CallError::Refused(refusal) => Self::Refused(refusal),
        }
    }
}

impl From<MailError> for Error {
    fn from(error: MailError) -> Self {
        match error {
            error @ (MailError::Address(_) | MailError::Subject | MailError::Message(_)) => {
                Self::new(Code::Invalid, "MAIL_INVALID", error.to_string())
            }
            error if error.may_be_retried() => {
                let message = "mail cannot be sent at present";
                Self::new(Code::Unavailable, "MAIL_UNAVAILABLE", message).with_cause(error)
            }
            error => Self::internal(error),
        }
    }
}
