use seaworthy_contract::error::reason;
use seaworthy_core::{Code, Error};

use crate::DataError;

/// Errors of the store.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyError {
    #[error("too many requests with an Idempotency-Key are running: try again later")]
    Full,
    #[error("the recorded responses cannot be read: try again later")]
    Failed(#[from] DataError),
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        let message = error.to_string();
        match error {
            KeyError::Full => Self::new(Code::Unavailable, reason::IDEMPOTENCY_STORE_FULL, message),
            KeyError::Failed(cause) => {
                let reason = reason::IDEMPOTENCY_STORE_FAILED;
                Self::new(Code::Unavailable, reason, message).with_cause(cause)
            }
        }
    }
}
