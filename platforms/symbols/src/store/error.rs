use seaworthy::{data::DataError, outbox::StoreError};

use crate::domain::SymbolError;

impl From<DataError> for SymbolError {
    fn from(error: DataError) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for SymbolError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Data(error) => error.into(),
            error @ StoreError::Unpublishable(_) => Self::Event(Box::new(error)),
        }
    }
}

/// Converts the error of a statement that sets the uid of a symbol.
pub(super) fn duplicate(error: DataError) -> SymbolError {
    if error.is_unique_violation() {
        SymbolError::Duplicate
    } else {
        error.into()
    }
}
