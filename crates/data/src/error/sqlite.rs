use sqlx::error::DatabaseError;

use super::{DataError, DataErrorKind};

/// Classifies by extended result code (sqlite.org/rescode.html). Its lowest eight bits are the
/// primary code.
pub(super) fn classify(error: &dyn DatabaseError) -> DataError {
    let code = error.code().unwrap_or_default();
    let number: u32 = code.parse().unwrap_or_default();
    let kind = match (number, number & 0xff) {
        (1555 | 2067 | 2579, _) => DataErrorKind::UniqueViolation,
        (787, _) => DataErrorKind::ForeignKeyViolation,
        (1299, _) => DataErrorKind::NotNullViolation,
        (275, _) => DataErrorKind::CheckViolation,
        // Another transaction wrote after this one read.
        (517, _) => DataErrorKind::SerializationFailure,
        (_, 5 | 6) => DataErrorKind::LockTimeout,
        (_, 8) => DataErrorKind::ReadOnly,
        (_, 9) => DataErrorKind::StatementTimeout,
        (_, 13) => DataErrorKind::DiskFull,
        (_, 10 | 11 | 26) => DataErrorKind::ConnectionLost,
        (_, 14) => DataErrorKind::ConnectionFailed,
        (_, 18 | 20 | 25) => DataErrorKind::InvalidValue,
        (_, 1) => DataErrorKind::InvalidStatement,
        _ => DataErrorKind::Other,
    };
    // `UNIQUE constraint failed: symbols.project, symbols.uid`, `CHECK constraint failed: name`.
    let constraint = error
        .message()
        .split_once("constraint failed: ")
        .map(|(_, names)| names.to_owned());
    let detail = match kind {
        DataErrorKind::UniqueViolation
        | DataErrorKind::ForeignKeyViolation
        | DataErrorKind::NotNullViolation
        | DataErrorKind::CheckViolation
        | DataErrorKind::InvalidValue => String::new(),
        _ => error.message().to_owned(),
    };
    DataError::new(kind, detail)
        .with_code(code)
        .with_constraint(constraint)
}
