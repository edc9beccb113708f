use std::error::Error as StdError;

use seaworthy::{
    audit_log::AppendError,
    data::{DataError, DataErrorKind},
    outbox::StoreError,
    prelude::*,
};

/// Why nothing came of a call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JoinError {
    #[error("{0}")]
    Invalid(&'static str),
    #[error("an idempotency key is required")]
    KeyRequired,
    #[error("unauthorized")]
    Unauthorized,
    #[error("not allowed")]
    Forbidden,
    #[error("you are banned from this event")]
    Banned,
    #[error("event not found")]
    EventNotFound,
    #[error("not joined")]
    JoinNotFound,
    #[error("event is full")]
    EventFull,
    #[error("already joined")]
    AlreadyIn,
    #[error("the idempotency key was used for something else")]
    KeyMismatch,
    #[error("event is closed")]
    Closed,
    #[error("the service has too much to do; try again later")]
    Busy,
    #[error("database operation failed")]
    Database(#[source] DataError),
    /// What was decided together failed together.
    #[error("{}", .0.message())]
    Together(std::sync::Arc<Error>),
    #[error("internal error")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
}

impl JoinError {
    /// Whether it is the fault of something that the service needs: what was written with it is undone.
    pub(crate) const fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Database(_) | Self::Internal(_) | Self::Together(_) | Self::Invalid(_)
        )
    }
}

impl JoinError {
    /// Whether others had the database for too long: another attempt may succeed.
    pub(crate) fn is_contention(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        matches!(
            error.kind(),
            DataErrorKind::LockTimeout
                | DataErrorKind::SerializationFailure
                | DataErrorKind::Deadlock
        )
    }
}

impl From<DataError> for JoinError {
    fn from(error: DataError) -> Self {
        match error.kind() {
            // A text that PostgreSQL cannot keep, such as one with NUL.
            DataErrorKind::InvalidValue => {
                Self::Invalid("a text has a character that cannot be kept")
            }
            _ => Self::Database(error),
        }
    }
}

impl From<StoreError> for JoinError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Data(error) => error.into(),
            error @ StoreError::Unpublishable(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<AppendError> for JoinError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Database(error) => error.into(),
            AppendError::TooLong(_) => Self::Invalid("the reason is too long"),
        }
    }
}

impl From<JoinError> for Error {
    fn from(error: JoinError) -> Self {
        let (code, reason) = match error {
            JoinError::Invalid(_) => (Code::Invalid, "REQUEST_INVALID"),
            JoinError::KeyRequired => (Code::Invalid, "IDEMPOTENCY_KEY_REQUIRED"),
            JoinError::Unauthorized => (Code::Unauthenticated, "UNAUTHORIZED"),
            JoinError::Forbidden => (Code::Forbidden, "AUTH_FORBIDDEN"),
            JoinError::Banned => (Code::Forbidden, "JOIN_BANNED"),
            JoinError::EventNotFound => (Code::NotFound, "EVENT_NOT_FOUND"),
            JoinError::JoinNotFound => (Code::NotFound, "JOIN_NOT_FOUND"),
            JoinError::EventFull => (Code::Conflict, "EVENT_FULL"),
            JoinError::AlreadyIn => (Code::Conflict, "STATE_ALREADY_REACHED"),
            JoinError::KeyMismatch => (Code::Conflict, "IDEMPOTENCY_KEY_MISMATCH"),
            JoinError::Closed => (Code::Conflict, "EVENT_CLOSED"),
            JoinError::Busy => (Code::Unavailable, "OVERLOADED"),
            JoinError::Database(cause) => return cause.into(),
            JoinError::Together(ref shared) => {
                let shared: &Self = shared;
                let (reason, message) = (shared.reason(), shared.message());
                let told = Self::new(shared.code(), reason.to_owned(), message.to_owned());
                let told = match shared.retry_after() {
                    Some(wait) => told.with_retry_after(wait),
                    None => told,
                };
                return match shared.cause() {
                    Some(cause) => told.with_cause(cause.to_string()),
                    None => told,
                };
            }
            JoinError::Internal(cause) => return Self::internal(cause),
        };
        Self::new(code, reason, error.to_string())
    }
}
