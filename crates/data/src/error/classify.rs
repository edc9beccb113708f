use std::io;

use super::{DataError, DataErrorKind, mysql, postgres, sqlite};
use crate::Engine;

/// What an error of a driver means. No value of a row is kept of it.
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
            "the thread of the connection ended",
        ),
        sqlx::Error::Protocol(problem) => DataError::new(DataErrorKind::ConnectionLost, problem),
        sqlx::Error::ColumnNotFound(name) => DataError::new(
            DataErrorKind::UnexpectedRow,
            format!("it has no column {name}"),
        ),
        sqlx::Error::ColumnIndexOutOfBounds { index, len } => DataError::new(
            DataErrorKind::UnexpectedRow,
            format!("it has {len} columns, and none at {index}"),
        ),
        sqlx::Error::ColumnDecode { index, .. } => DataError::new(
            DataErrorKind::UnexpectedRow,
            format!("column {index} is of another kind"),
        ),
        sqlx::Error::Decode(_) => {
            DataError::new(DataErrorKind::UnexpectedRow, "a value cannot be read")
        }
        sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => {
            DataError::new(DataErrorKind::InvalidValue, "a value cannot be sent")
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
