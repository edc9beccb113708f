use std::{error::Error as StdError, sync::Arc};

use seaworthy::{
    audit_log::AppendError,
    data::{DataError, DataErrorKind},
    outbox::StoreError,
    prelude::*,
};

use crate::domain::Rejection;

/// The errors of the use cases.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JoinError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("the service is overloaded: try again later")]
    Overloaded,
    #[error("database operation failed")]
    Database(#[source] DataError),
    /// Another replica moves some of the same changes to the audit log. The next run retries the
    /// others.
    #[error(
        "another replica moves the same changes to the audit log: the next run retries the others"
    )]
    AuditConflict,
    /// Another transaction has just used an idempotency key of the batch, so its outcome can be
    /// read.
    #[error("another request uses the idempotency key")]
    KeyConflict,
    /// The error of a batch, which all of its commands share.
    #[error("{}", .0.message())]
    Batch(Arc<Error>),
    #[error("internal error")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
}

impl JoinError {
    /// Returns whether the transaction of the command must be rolled back. Other errors are
    /// decisions: the transaction wrote nothing for the command.
    pub(crate) const fn requires_rollback(&self) -> bool {
        match self {
            Self::Rejected(rejection) => matches!(rejection, Rejection::Invalid(_)),
            Self::Database(_)
            | Self::AuditConflict
            | Self::Internal(_)
            | Self::Batch(_)
            | Self::KeyConflict => true,
            Self::Overloaded => false,
        }
    }

    /// Returns whether other transactions blocked this one for too long. A retry may succeed.
    pub(crate) fn is_contention(&self) -> bool {
        match self {
            Self::KeyConflict => true,
            Self::Database(error) => matches!(
                error.kind(),
                DataErrorKind::LockTimeout
                    | DataErrorKind::SerializationFailure
                    | DataErrorKind::Deadlock
            ),
            _ => false,
        }
    }

    /// Returns whether one event may have caused the error. The other events of the batch may
    /// succeed.
    pub(crate) fn may_concern_one_event(&self) -> bool {
        match self {
            Self::Database(error) => !matches!(
                error.kind(),
                DataErrorKind::PoolExhausted
                    | DataErrorKind::CircuitOpen
                    | DataErrorKind::ConnectionFailed
                    | DataErrorKind::TooManyConnections
                    | DataErrorKind::AccessDenied
                    | DataErrorKind::ConnectionLost
                    | DataErrorKind::OutcomeUnknown
                    | DataErrorKind::DiskFull
                    | DataErrorKind::ReadOnly
            ),
            Self::Rejected(_) | Self::KeyConflict | Self::Internal(_) => true,
            Self::Overloaded | Self::AuditConflict | Self::Batch(_) => false,
        }
    }
}

impl From<DataError> for JoinError {
    fn from(error: DataError) -> Self {
        match error.kind() {
            // PostgreSQL rejects a string with NUL.
            DataErrorKind::InvalidValue => {
                Rejection::Invalid("a field contains the NUL character: remove it").into()
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
            AppendError::TooLong(_) => Rejection::Invalid("the reason is too long").into(),
        }
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        let (code, reason) = match rejection {
            Rejection::Invalid(_) => (Code::Invalid, "REQUEST_INVALID"),
            Rejection::MissingIdempotencyKey => (Code::Invalid, "IDEMPOTENCY_KEY_REQUIRED"),
            Rejection::Unauthenticated => (Code::Unauthenticated, "UNAUTHORIZED"),
            Rejection::Forbidden => (Code::Forbidden, "AUTH_FORBIDDEN"),
            Rejection::Banned => (Code::Forbidden, "JOIN_BANNED"),
            Rejection::EventNotFound => (Code::NotFound, "EVENT_NOT_FOUND"),
            Rejection::JoinNotFound => (Code::NotFound, "JOIN_NOT_FOUND"),
            Rejection::EventFull => (Code::Conflict, "EVENT_FULL"),
            Rejection::AlreadyJoined => (Code::Conflict, "STATE_ALREADY_REACHED"),
            Rejection::IdempotencyKeyMismatch => (Code::Conflict, "IDEMPOTENCY_KEY_MISMATCH"),
            Rejection::EventClosed => (Code::Conflict, "EVENT_CLOSED"),
        };
        Self::new(code, reason, rejection.to_string())
    }
}

impl From<JoinError> for Error {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Rejected(rejection) => rejection.into(),
            JoinError::KeyConflict => Rejection::IdempotencyKeyMismatch.into(),
            JoinError::Overloaded | JoinError::AuditConflict => {
                Self::new(Code::Unavailable, "OVERLOADED", error.to_string())
            }
            JoinError::Database(cause) => cause.into(),
            JoinError::Batch(shared) => copy(&shared),
            JoinError::Internal(cause) => Self::internal(cause),
        }
    }
}

/// Copies the error of a batch for one of its commands.
fn copy(shared: &Error) -> Error {
    let (reason, message) = (shared.reason(), shared.message());
    let copy = Error::new(shared.code(), reason.to_owned(), message.to_owned());
    let copy = match shared.retry_after() {
        Some(delay) => copy.with_retry_after(delay),
        None => copy,
    };
    match shared.cause() {
        Some(cause) => copy.with_cause(cause.to_string()),
        None => copy,
    }
}
