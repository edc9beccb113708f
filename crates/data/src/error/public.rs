use seaworthy_core::{Code, Error};

use super::{DataError, DataErrorKind};
use crate::InvalidDatabaseUrl;

impl From<DataError> for Error {
    /// The public face says what a caller can do about it and nothing of the database; the rest is the private cause.
    fn from(error: DataError) -> Self {
        if let Some(refusal) = error.refusal() {
            return Self::from(refusal.clone());
        }
        let public = match error.kind() {
            DataErrorKind::NotFound => Self::new(Code::NotFound, "NOT_FOUND", "it does not exist"),
            DataErrorKind::UniqueViolation => {
                Self::new(Code::Conflict, "ALREADY_EXISTS", "it exists already")
            }
            DataErrorKind::ForeignKeyViolation => Self::new(
                Code::Conflict,
                "REFERENCE_VIOLATED",
                "it refers to something that does not exist, or something refers to it",
            ),
            DataErrorKind::CheckViolation => Self::new(
                Code::Conflict,
                "CONSTRAINT_VIOLATED",
                "the present state does not allow it",
            ),
            DataErrorKind::SerializationFailure
            | DataErrorKind::Deadlock
            | DataErrorKind::LockTimeout => Self::new(
                Code::Unavailable,
                "STORE_CONTENDED",
                "others change the same thing; try again later",
            ),
            DataErrorKind::StatementTimeout | DataErrorKind::DeadlinePassed => Self::new(
                Code::DeadlineExceeded,
                "TIMEOUT",
                "something this service needs did not answer in time",
            ),
            // A 503 would invite the caller to try again, which may double what was done.
            DataErrorKind::OutcomeUnknown => Self::new(
                Code::Internal,
                "OUTCOME_UNKNOWN",
                "whether the request took effect is unknown; read the present state before you send it again",
            ),
            DataErrorKind::PoolExhausted
            | DataErrorKind::CircuitOpen
            | DataErrorKind::ConnectionFailed
            | DataErrorKind::TooManyConnections
            | DataErrorKind::AccessDenied
            | DataErrorKind::ConnectionLost
            | DataErrorKind::DiskFull
            | DataErrorKind::ReadOnly => Self::new(
                Code::Unavailable,
                "STORE_UNAVAILABLE",
                "something this service needs is not available; try again later",
            ),
            _ => return Self::internal(error),
        };
        public.with_cause(error)
    }
}

impl From<InvalidDatabaseUrl> for DataError {
    fn from(error: InvalidDatabaseUrl) -> Self {
        Self::new(DataErrorKind::InvalidSettings, error.to_string())
    }
}
