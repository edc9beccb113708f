use sqlx::{error::DatabaseError, postgres::PgDatabaseError};

use super::{DataError, DataErrorKind};

/// Classifies by SQLSTATE (PostgreSQL 17, appendix A).
pub(super) fn classify(error: &dyn DatabaseError) -> DataError {
    let code = error.code().unwrap_or_default();
    let kind = match code.as_ref() {
        "23505" => DataErrorKind::UniqueViolation,
        "23503" => DataErrorKind::ForeignKeyViolation,
        "23502" => DataErrorKind::NotNullViolation,
        "23514" | "23P01" => DataErrorKind::CheckViolation,
        "40001" => DataErrorKind::SerializationFailure,
        "40P01" => DataErrorKind::Deadlock,
        "55P03" => DataErrorKind::LockTimeout,
        "57014" => DataErrorKind::StatementTimeout,
        "25P02" => DataErrorKind::TransactionFailed,
        "25P03" => DataErrorKind::ConnectionLost,
        "25006" => DataErrorKind::ReadOnly,
        "53100" => DataErrorKind::DiskFull,
        "53300" => DataErrorKind::TooManyConnections,
        "3D000" => DataErrorKind::AccessDenied,
        "57P01" | "57P02" | "57P05" => DataErrorKind::ConnectionLost,
        "57P03" => DataErrorKind::ConnectionFailed,
        code if code.starts_with("08") => DataErrorKind::ConnectionLost,
        code if code.starts_with("28") => DataErrorKind::AccessDenied,
        code if code.starts_with("22") => DataErrorKind::InvalidValue,
        code if code.starts_with("42") => DataErrorKind::InvalidStatement,
        _ => DataErrorKind::Other,
    };
    let column = || {
        let error = error.try_downcast_ref::<PgDatabaseError>()?;
        error.column().map(str::to_owned)
    };
    let detail = match kind {
        // The message repeats the invalid value.
        DataErrorKind::InvalidValue => String::new(),
        DataErrorKind::UniqueViolation
        | DataErrorKind::ForeignKeyViolation
        | DataErrorKind::NotNullViolation
        | DataErrorKind::CheckViolation => String::new(),
        _ => error.message().to_owned(),
    };
    DataError::new(kind, detail)
        .with_code(code)
        .with_constraint(error.constraint().map(str::to_owned).or_else(column))
}
