use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::{
    Arguments as _, mysql::MySqlArguments, postgres::PgArguments, sqlite::SqliteArguments,
    types::Json,
};
use uuid::Uuid;

use crate::{DataError, DataErrorKind, Kind, Value};

fn encode_error(_: sqlx::error::BoxDynError) -> DataError {
    DataError::new(DataErrorKind::InvalidValue, "a value cannot be encoded")
}

fn signed(number: u64) -> Result<i64, DataError> {
    i64::try_from(number).map_err(|_| {
        let detail = "a whole number above 9223372036854775807 cannot be stored by every engine";
        DataError::new(DataErrorKind::InvalidValue, detail)
    })
}

/// Encodes the values for PostgreSQL and MySQL, which support all types.
macro_rules! typed {
    ($name:ident, $arguments:ident) => {
        pub(super) fn $name(values: &[Value]) -> Result<$arguments, DataError> {
            let mut arguments = $arguments::default();
            arguments.reserve(values.len(), values.len() * size_of::<u64>());
            for value in values {
                match value {
                    Value::Null(kind) => match kind {
                        Kind::Boolean => arguments.add(None::<bool>),
                        Kind::Integer => arguments.add(None::<i64>),
                        Kind::Float => arguments.add(None::<f64>),
                        Kind::Text => arguments.add(None::<String>),
                        Kind::Bytes => arguments.add(None::<Vec<u8>>),
                        Kind::Uuid => arguments.add(None::<Uuid>),
                        Kind::Time => arguments.add(None::<DateTime<Utc>>),
                        Kind::Json => arguments.add(None::<Json<serde_json::Value>>),
                    },
                    Value::Boolean(value) => arguments.add(*value),
                    Value::Integer(value) => arguments.add(*value),
                    Value::Unsigned(value) => arguments.add(signed(*value)?),
                    Value::Float(value) => arguments.add(*value),
                    Value::Text(value) => arguments.add(&**value),
                    Value::Bytes(value) => arguments.add(value.as_slice()),
                    Value::Uuid(value) => arguments.add(*value),
                    Value::Time(value) => arguments.add(*value),
                    Value::Json(value) => arguments.add(Json(value)),
                }
                .map_err(encode_error)?;
            }
            Ok(arguments)
        }
    };
}

typed!(of_postgres, PgArguments);
typed!(of_mysql, MySqlArguments);

/// Encodes the values for SQLite, which stores numbers, text and bytes. Timestamps are text of
/// fixed width, so that they sort by time.
pub(super) fn of_sqlite(values: &[Value]) -> Result<SqliteArguments, DataError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        match value {
            Value::Null(_) => arguments.add(None::<i64>),
            Value::Boolean(value) => arguments.add(*value),
            Value::Integer(value) => arguments.add(*value),
            Value::Unsigned(value) => arguments.add(signed(*value)?),
            Value::Float(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.clone().into_owned()),
            Value::Bytes(value) => arguments.add(value.clone()),
            Value::Uuid(value) => arguments.add(value.as_bytes().to_vec()),
            Value::Time(value) => arguments.add(value.to_rfc3339_opts(SecondsFormat::Micros, true)),
            Value::Json(value) => arguments.add(value.to_string()),
        }
        .map_err(encode_error)?;
    }
    Ok(arguments)
}
