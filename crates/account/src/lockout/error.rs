use std::time::Duration;

use seaworthy_core::{Code, Error};
use seaworthy_data::DataError;

/// The error of an attempt that is not allowed.
#[derive(Debug, thiserror::Error)]
pub enum LockoutError {
    /// Too many attempts on the account or the device have failed.
    #[error("too many attempts have failed: try again in {} s", .retry_after.as_millis().div_ceil(1_000))]
    Locked {
        /// The remaining wait.
        retry_after: Duration,
    },
    /// Too many attempts from the IP address have failed, on any accounts.
    #[error("too many attempts from the address have failed: try again in {} s", .retry_after.as_millis().div_ceil(1_000))]
    AddressLocked {
        /// The remaining wait.
        retry_after: Duration,
    },
    /// The attempt cannot be counted, so it is rejected.
    #[error("failed attempts cannot be counted")]
    Failed(#[from] DataError),
}

impl LockoutError {
    /// Returns the remaining wait of a lock.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use seaworthy_account::LockoutError;
    ///
    /// let retry_after = Duration::from_secs(7);
    /// assert_eq!(LockoutError::Locked { retry_after }.retry_after(), Some(retry_after));
    /// ```
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Locked { retry_after } | Self::AddressLocked { retry_after } => {
                Some(*retry_after)
            }
            Self::Failed(_) => None,
        }
    }
}

impl From<LockoutError> for Error {
    /// The error is the same for accounts that exist and for those that do not.
    fn from(error: LockoutError) -> Self {
        match error {
            LockoutError::Locked { retry_after } | LockoutError::AddressLocked { retry_after } => {
                Self::new(
                    Code::Exhausted,
                    "TOO_MANY_ATTEMPTS",
                    "too many attempts have failed: try again later",
                )
                .with_retry_after(retry_after)
            }
            LockoutError::Failed(error) => error.into(),
        }
    }
}
