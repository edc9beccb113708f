use seaworthy_core::{Code, Error};

use super::{DataError, DataErrorKind};
use crate::InvalidDatabaseUrl;

/// The SQLSTATEs of PostgreSQL for a text with a NUL character, and for JSON with one.
const NUL_CHARACTER: [&str; 2] = ["22021", "22P05"];

impl From<DataError> for Error {
    /// The message contains the action for the client and no detail of the database. The details
    /// are in the private cause.
    fn from(error: DataError) -> Self {
        if let Some(rejection) = error.rejection() {
            return Self::from(rejection.clone());
        }
        let public = match error.kind() {
            DataErrorKind::NotFound => Self::new(
                Code::NotFound,
                "NOT_FOUND",
                "the requested resource does not exist",
            ),
            DataErrorKind::UniqueViolation => Self::new(
                Code::Conflict,
                "ALREADY_EXISTS",
                "the resource exists already",
            ),
            DataErrorKind::ForeignKeyViolation => Self::new(
                Code::Conflict,
                "REFERENCE_VIOLATED",
                "the resource references a missing resource, or another resource references it",
            ),
            DataErrorKind::CheckViolation => Self::new(
                Code::Conflict,
                "CONSTRAINT_VIOLATED",
                "the current state does not allow the change",
            ),
            // Texts of the program do not contain it, so the client has sent it.
            DataErrorKind::InvalidValue
                if error
                    .code()
                    .is_some_and(|code| NUL_CHARACTER.contains(&code)) =>
            {
                Self::new(
                    Code::Invalid,
                    "INVALID_TEXT",
                    "a text contains a NUL character: remove it",
                )
            }
            DataErrorKind::SerializationFailure
            | DataErrorKind::Deadlock
            | DataErrorKind::LockTimeout => Self::new(
                Code::Unavailable,
                "STORE_CONTENDED",
                "another request changes the same resource: try again later",
            ),
            DataErrorKind::StatementTimeout | DataErrorKind::DeadlineExceeded => Self::new(
                Code::DeadlineExceeded,
                "TIMEOUT",
                "a dependency of this service did not respond in time",
            ),
            // After a 503 the client would send the request again, which may double its effect.
            DataErrorKind::OutcomeUnknown => Self::new(
                Code::Internal,
                "OUTCOME_UNKNOWN",
                "whether the request took effect is unknown: read the current state before you send it again",
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
                "a dependency of this service is not available: try again later",
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
