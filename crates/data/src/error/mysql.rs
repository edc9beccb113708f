use sqlx::{error::DatabaseError, mysql::MySqlDatabaseError};

use super::{DataError, DataErrorKind};

/// Classifies by error number (references of MariaDB and MySQL). Numbers from 1900 to 1999 and from
/// 4000 belong to MariaDB.
pub(super) fn classify(error: &dyn DatabaseError) -> DataError {
    let number = error
        .try_downcast_ref::<MySqlDatabaseError>()
        .map_or(0, MySqlDatabaseError::number);
    let kind = match number {
        1022 | 1062 | 1169 | 1586 => DataErrorKind::UniqueViolation,
        1216 | 1217 | 1451 | 1452 => DataErrorKind::ForeignKeyViolation,
        1048 | 1364 => DataErrorKind::NotNullViolation,
        3819 | 4025 => DataErrorKind::CheckViolation,
        1264 | 1265 | 1292 | 1366 | 1406 | 1411 | 1690 | 3140 => DataErrorKind::InvalidValue,
        1020 => DataErrorKind::SerializationFailure,
        1213 => DataErrorKind::Deadlock,
        1205 | 3572 => DataErrorKind::LockTimeout,
        1317 | 1969 | 3024 => DataErrorKind::StatementTimeout,
        1290 | 1792 | 1836 => DataErrorKind::ReadOnly,
        3 | 28 | 1021 | 1114 | 1030 if is_disk_full(error.message(), number) => {
            DataErrorKind::DiskFull
        }
        1040 | 1203 | 1226 => DataErrorKind::TooManyConnections,
        1044 | 1045 | 1049 | 1129 | 1130 | 1698 => DataErrorKind::AccessDenied,
        1053 | 1077 | 1079 | 1152 | 1153 | 1158..=1161 | 1184 | 1927 | 2006 | 2013 => {
            DataErrorKind::ConnectionLost
        }
        1054 | 1064 | 1146 | 1149 | 1305 => DataErrorKind::InvalidStatement,
        _ => DataErrorKind::Other,
    };
    let constraint = match kind {
        DataErrorKind::UniqueViolation => last_quoted(error.message(), '\''),
        DataErrorKind::ForeignKeyViolation => after(error.message(), "CONSTRAINT "),
        DataErrorKind::NotNullViolation => last_quoted(error.message(), '\''),
        DataErrorKind::CheckViolation => {
            after(error.message(), "CONSTRAINT ").or_else(|| last_quoted(error.message(), '\''))
        }
        _ => None,
    };
    let detail = match kind {
        DataErrorKind::UniqueViolation
        | DataErrorKind::ForeignKeyViolation
        | DataErrorKind::NotNullViolation
        | DataErrorKind::CheckViolation
        | DataErrorKind::InvalidValue => String::new(),
        _ => error.message().to_owned(),
    };
    DataError::new(kind, detail)
        .with_code(number.to_string())
        .with_constraint(constraint)
}

/// Number 1030 is any error of a storage engine. Its text contains the error of the operating
/// system.
fn is_disk_full(message: &str, number: u16) -> bool {
    number != 1030 || message.contains("28") || message.contains("No space")
}

/// Returns the last quoted name, without its table, as in `Duplicate entry 'x' for key
/// 'symbols.uid'`.
fn last_quoted(message: &str, quote: char) -> Option<String> {
    let end = message.rfind(quote)?;
    let before = message.get(..end)?;
    let start = before.rfind(quote)? + 1;
    let name = before.get(start..)?;
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    Some(name.to_owned())
}

/// Returns the name, quoted or bare, that follows `word`.
fn after(message: &str, word: &str) -> Option<String> {
    let (_, rest) = message.split_once(word)?;
    let name = rest.trim_start_matches(['`', '"']);
    let end = name.find(['`', '"', ' ', ',']).unwrap_or(name.len());
    let name = name.get(..end)?;
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    Some(name.to_owned())
}
