use std::{borrow::Cow, error::Error as StdError};

use seaworthy::{
    audit_log::AppendError,
    data::{DataError, DataErrorKind},
    outbox::StoreError,
    prelude::*,
};

/// Errors of operations on events.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventError {
    #[error("{message}")]
    Invalid {
        field: &'static str,
        message: Cow<'static, str>,
    },
    #[error("unauthorized")]
    Unauthorized,
    #[error("not allowed")]
    Forbidden,
    #[error("event not found")]
    NotFound,
    #[error("{0}")]
    State(&'static str),
    #[error("database operation failed")]
    Database(#[source] DataError),
    #[error("internal error")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
}

impl EventError {
    /// Returns the error for an invalid field.
    pub(crate) const fn invalid(field: &'static str, message: &'static str) -> Self {
        Self::Invalid {
            field,
            message: Cow::Borrowed(message),
        }
    }

    /// Returns the error for an invalid query parameter.
    pub(crate) const fn invalid_query(field: &'static str) -> Self {
        Self::invalid(field, "invalid query param")
    }
}

impl From<DataError> for EventError {
    fn from(error: DataError) -> Self {
        match error.kind() {
            // PostgreSQL cannot store text with NUL.
            DataErrorKind::InvalidValue => {
                Self::invalid("body", "the text must not contain the character NUL")
            }
            _ => Self::Database(error),
        }
    }
}

impl From<StoreError> for EventError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Data(error) => error.into(),
            error @ StoreError::Unpublishable(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<AppendError> for EventError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Database(error) => error.into(),
            AppendError::TooLong(_) => Self::invalid("reason", "the reason is too long"),
        }
    }
}

impl From<EventError> for Error {
    fn from(error: EventError) -> Self {
        let message = error.to_string();
        match error {
            EventError::Invalid { field, .. } => {
                Self::new(Code::Invalid, "VALIDATION_ERROR", message.clone())
                    .with_field(field, message)
            }
            EventError::Unauthorized => Self::new(Code::Unauthenticated, "UNAUTHORIZED", message),
            EventError::Forbidden => Self::new(Code::Forbidden, "FORBIDDEN", message),
            EventError::NotFound => Self::new(Code::NotFound, "NOT_FOUND", message),
            EventError::State(_) => Self::new(Code::Conflict, "INVALID_STATE", message),
            EventError::Database(cause) => cause.into(),
            EventError::Internal(cause) => Self::internal(cause),
        }
    }
}
