use std::io;

use super::{DataError, DataErrorKind, mysql, postgres, sqlite};
use crate::Engine;

/// Converts an error of the driver. Drops all values of rows.
pub(crate) fn classify(engine: Engine, error: sqlx::Error) -> DataError {
    match error {
        sqlx::Error::Database(error) => match engine {
            Engine::Postgres => postgres::classify(&*error),
            Engine::MySql => mysql::classify(&*error),
            Engine::Sqlite => sqlite::classify(&*error),
        },
        sqlx::Error::Io(error) => of_io(&error),
        sqlx::Error::Tls(error) => {
            DataError::new(DataErrorKind::ConnectionFailed, format!("TLS: {error}"))
        }
        sqlx::Error::Configuration(error) => {
            DataError::new(DataErrorKind::InvalidSettings, error.to_string())
        }
        sqlx::Error::RowNotFound => DataError::not_found(),
        sqlx::Error::WorkerCrashed => DataError::new(
            DataErrorKind::ConnectionLost,
            "the thread of the connection has ended",
        ),
        sqlx::Error::Protocol(problem) => DataError::new(DataErrorKind::ConnectionLost, problem),
        sqlx::Error::ColumnNotFound(name) => DataError::new(
            DataErrorKind::UnexpectedRow,
            format!("the row has no column {name}"),
        ),
        sqlx::Error::ColumnIndexOutOfBounds { index, len } => DataError::new(
            DataErrorKind::UnexpectedRow,
            format!("the row has {len} columns and none at index {index}"),
        ),
        sqlx::Error::ColumnDecode { index, .. } => DataError::new(
            DataErrorKind::UnexpectedRow,
            format!("column {index} has another type"),
        ),
        sqlx::Error::Decode(_) => {
            DataError::new(DataErrorKind::UnexpectedRow, "a value cannot be decoded")
        }
        sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => {
            DataError::new(DataErrorKind::InvalidValue, "a value cannot be encoded")
        }
        other => DataError::new(DataErrorKind::Other, other.to_string()),
    }
}

fn of_io(error: &io::Error) -> DataError {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DataErrorKind::DiskFull,
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::NotFound
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => DataErrorKind::ConnectionFailed,
        _ => DataErrorKind::ConnectionLost,
    };
    DataError::new(kind, error.to_string())
}
