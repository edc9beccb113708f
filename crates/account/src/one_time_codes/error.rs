use std::time::Duration;

use seaworthy_core::{Code, Error};
use seaworthy_data::DataError;

/// The error of a code that cannot be issued or is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum OneTimeCodeError {
    /// The subject got a code a short time ago, or too many codes within an hour.
    #[error("wait before you request another code")]
    TooSoon {
        /// The remaining wait.
        retry_after: Duration,
    },
    /// The code is wrong or has expired, or its attempts are exhausted.
    #[error("the code is wrong or has expired: enter the last code or request a new one")]
    Invalid {
        /// The remaining attempts. Zero without a live code.
        remaining: u32,
    },
    /// The code cannot be stored or read.
    #[error("codes cannot be stored")]
    Failed(#[from] DataError),
}

impl From<OneTimeCodeError> for Error {
    /// The reason is `RATE_LIMITED` with the wait, or `INVALID_CODE` with `remainingAttempts` in the
    /// metadata.
    fn from(error: OneTimeCodeError) -> Self {
        let message = error.to_string();
        match error {
            OneTimeCodeError::TooSoon { retry_after } => {
                Self::new(Code::Exhausted, "RATE_LIMITED", message).with_retry_after(retry_after)
            }
            OneTimeCodeError::Invalid { remaining } => {
                Self::new(Code::Invalid, "INVALID_CODE", message)
                    .with_metadata("remainingAttempts", remaining.to_string())
            }
            OneTimeCodeError::Failed(error) => error.into(),
        }
    }
}
