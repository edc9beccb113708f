use crate::domain::SymbolError;

impl From<sqlx::Error> for SymbolError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(error) if error.is_unique_violation() => Self::Duplicate,
            error => Self::Database(Box::new(error)),
        }
    }
}
