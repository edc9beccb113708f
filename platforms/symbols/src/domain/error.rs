use std::error::Error as StdError;

use seaworthy::prelude::*;

/// Why nothing came of a call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SymbolError {
    #[error("symbol not found")]
    NotFound,
    #[error("symbol with this UID already exists in the project")]
    Duplicate,
    #[error("database operation failed")]
    Database(#[source] Box<dyn StdError + Send + Sync>),
}

impl From<SymbolError> for Error {
    fn from(error: SymbolError) -> Self {
        let message = error.to_string();
        match error {
            SymbolError::NotFound => Self::new(Code::NotFound, "SYMBOL_NOT_FOUND", message),
            // A conflict to us, an invalid request to the clients there are.
            SymbolError::Duplicate => Self::new(Code::Invalid, "DUPLICATE_SYMBOL", message),
            SymbolError::Database(cause) => {
                Self::new(Code::Internal, "DATABASE_ERROR", message).with_cause(cause)
            }
        }
    }
}
