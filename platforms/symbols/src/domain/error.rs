use std::error::Error as StdError;

use seaworthy::{
    data::{DataError, DataErrorKind},
    prelude::*,
};

/// Why nothing came of a call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SymbolError {
    #[error("symbol not found")]
    NotFound,
    #[error("symbol with this UID already exists in the project")]
    Duplicate,
    #[error("database operation failed")]
    Database(#[source] DataError),
    #[error("internal server error")]
    Event(#[source] Box<dyn StdError + Send + Sync>),
}

impl From<SymbolError> for Error {
    fn from(error: SymbolError) -> Self {
        let message = error.to_string();
        match error {
            SymbolError::NotFound => Self::new(Code::NotFound, "SYMBOL_NOT_FOUND", message),
            // A conflict to us, an invalid request to the clients there are.
            SymbolError::Duplicate => Self::new(Code::Invalid, "DUPLICATE_SYMBOL", message),
            // A text that is valid to us and not to every engine: PostgreSQL keeps no NUL.
            SymbolError::Database(cause) if cause.kind() == DataErrorKind::InvalidValue => {
                let message = "validation failed: a text has a character that cannot be kept";
                Self::new(Code::Invalid, "VALIDATION_ERROR", message).with_cause(cause)
            }
            SymbolError::Database(cause) => {
                let public = Self::from(cause);
                // A client may come back where the database is away; anything else is our fault.
                let code = match public.code() {
                    code @ (Code::Unavailable | Code::DeadlineExceeded) => code,
                    _ => Code::Internal,
                };
                let told = Self::new(code, "DATABASE_ERROR", message);
                let told = match public.retry_after() {
                    Some(wait) => told.with_retry_after(wait),
                    None => told,
                };
                told.with_cause(public)
            }
            SymbolError::Event(cause) => {
                Self::new(Code::Internal, "SYMBOL_UNSPECIFIED", message).with_cause(cause)
            }
        }
    }
}
