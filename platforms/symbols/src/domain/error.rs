use std::error::Error as StdError;

use seaworthy::{
    data::{DataError, DataErrorKind},
    prelude::*,
};

/// Errors of symbol operations.
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
            // Existing clients expect 400 and not 409.
            SymbolError::Duplicate => Self::new(Code::Invalid, "DUPLICATE_SYMBOL", message),
            // Some engines reject valid text: PostgreSQL cannot store NUL.
            SymbolError::Database(cause) if cause.kind() == DataErrorKind::InvalidValue => {
                let message = "validation failed: a text contains a character that the database cannot store, such as NUL";
                Self::new(Code::Invalid, "VALIDATION_ERROR", message).with_cause(cause)
            }
            SymbolError::Database(cause) => {
                let public = Self::from(cause);
                // A client may retry if the database is unavailable. Other failures are internal.
                let code = match public.code() {
                    code @ (Code::Unavailable | Code::DeadlineExceeded) => code,
                    _ => Code::Internal,
                };
                let error = Self::new(code, "DATABASE_ERROR", message);
                let error = match public.retry_after() {
                    Some(wait) => error.with_retry_after(wait),
                    None => error,
                };
                error.with_cause(public)
            }
            SymbolError::Event(cause) => {
                Self::new(Code::Internal, "SYMBOL_UNSPECIFIED", message).with_cause(cause)
            }
        }
    }
}
