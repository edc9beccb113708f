use std::time::Duration;

use seaworthy_core::{Code, Error};
use seaworthy_data::DataError;

/// No attempt may be made now.
#[derive(Debug, thiserror::Error)]
pub enum LockoutError {
    /// Too many have failed.
    #[error("too many attempts have failed; the next may be made in {} s", .retry_after.as_secs())]
    Locked {
        /// How long to wait.
        retry_after: Duration,
    },
    /// It cannot be found out, so nobody is let in.
    #[error("failed attempts cannot be counted")]
    Failed(#[from] DataError),
}

impl From<LockoutError> for Error {
    /// Says the same for accounts that exist and those that do not.
    fn from(error: LockoutError) -> Self {
        match error {
            LockoutError::Locked { retry_after } => Self::new(
                Code::Exhausted,
                "TOO_MANY_ATTEMPTS",
                "too many attempts have failed; try again later",
            )
            .with_retry_after(retry_after),
            LockoutError::Failed(error) => error.into(),
        }
    }
}
