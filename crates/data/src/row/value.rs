//! Converts the columns of each engine to [`Value`]s.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::{
    Column as _, Decode, MySql, Row as _, Type, TypeInfo as _, ValueRef as _, mysql::MySqlRow,
    postgres::PgRow, sqlite::SqliteRow, types::Json,
};
use uuid::Uuid;

use crate::{DataError, DataErrorKind, Engine, Kind, Value};

pub(super) fn of_postgres(row: &PgRow, index: usize) -> Result<Value, DataError> {
    let fault = |error| DataError::of_engine(Engine::Postgres, error);
    let value = row.try_get_raw(index).map_err(fault)?;
    let type_info = value.type_info();
    let name = type_info.name();
    if value.is_null() {
        return Ok(Value::Null(Kind::Text));
    }
    Ok(match name {
        "BOOL" => Value::Boolean(row.try_get(index).map_err(fault)?),
        "INT8" => Value::Integer(row.try_get(index).map_err(fault)?),
        "INT4" => Value::Integer(row.try_get::<i32, _>(index).map_err(fault)?.into()),
        "INT2" => Value::Integer(row.try_get::<i16, _>(index).map_err(fault)?.into()),
        "FLOAT8" => Value::Float(row.try_get(index).map_err(fault)?),
        "FLOAT4" => Value::Float(row.try_get::<f32, _>(index).map_err(fault)?.into()),
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" => {
            Value::Text(row.try_get::<String, _>(index).map_err(fault)?.into())
        }
        "BYTEA" => Value::Bytes(row.try_get(index).map_err(fault)?),
        "UUID" => Value::Uuid(row.try_get(index).map_err(fault)?),
        "TIMESTAMPTZ" => Value::Time(row.try_get(index).map_err(fault)?),
        "TIMESTAMP" => Value::Time(
            row.try_get::<NaiveDateTime, _>(index)
                .map_err(fault)?
                .and_utc(),
        ),
        "JSON" | "JSONB" => Value::Json(row.try_get(index).map_err(fault)?),
        "NUMERIC" => numeric(value.as_bytes().unwrap_or_default())
            .ok_or_else(|| unknown(row.column(index).name(), name))?,
        _ => return Err(unknown(row.column(index).name(), name)),
    })
}

/// Decodes an integer from the binary form of PostgreSQL's `NUMERIC`, which `sum()` of integers
/// returns. The digits have base 10,000, and the weight is that of the first digit.
fn numeric(bytes: &[u8]) -> Option<Value> {
    let mut words = bytes
        .chunks_exact(2)
        .map(|pair| pair.try_into().map(u16::from_be_bytes));
    let mut next = || words.next()?.ok();
    let (digits, weight, sign, _scale) = (next()?, next()?.cast_signed(), next()?, next()?);
    if digits == 0 {
        return Some(Value::Integer(0));
    }
    let weight = u16::try_from(weight).ok()?;
    if digits > weight + 1 {
        return None;
    }
    let mut number: i64 = 0;
    for position in 0..=weight {
        let digit = if position < digits { next()? } else { 0 };
        number = number.checked_mul(10_000)?.checked_add(digit.into())?;
    }
    match sign {
        0x0000 => Some(Value::Integer(number)),
        0x4000 => Some(Value::Integer(-number)),
        _ => None,
    }
}

pub(super) fn of_mysql(row: &MySqlRow, index: usize) -> Result<Value, DataError> {
    let fault = |error| DataError::of_engine(Engine::MySql, error);
    let value = row.try_get_raw(index).map_err(fault)?;
    let type_info = value.type_info();
    let name = type_info.name();
    if value.is_null() {
        return Ok(Value::Null(Kind::Text));
    }
    Ok(match name {
        "BOOLEAN" => Value::Boolean(row.try_get(index).map_err(fault)?),
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
            Value::Integer(row.try_get(index).map_err(fault)?)
        }
        "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED"
        | "BIGINT UNSIGNED" | "YEAR" | "BIT" => Value::Unsigned(row.try_get(index).map_err(fault)?),
        "FLOAT" | "DOUBLE" => Value::Float(row.try_get(index).map_err(fault)?),
        // The collation decides, because text that is compared by code points has a binary type.
        "VARCHAR" | "CHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM"
        | "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB"
            if <str as Type<MySql>>::compatible(&type_info) =>
        {
            Value::Text(row.try_get::<String, _>(index).map_err(fault)?.into())
        }
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" | "CHAR"
        | "VARCHAR" => Value::Bytes(row.try_get(index).map_err(fault)?),
        "DATETIME" | "TIMESTAMP" => Value::Time(row.try_get(index).map_err(fault)?),
        "JSON" => {
            let Json(json) = row.try_get(index).map_err(fault)?;
            Value::Json(json)
        }
        // A sum of integers is a decimal without a fraction.
        "DECIMAL" => {
            let text: String = row.try_get_unchecked(index).map_err(fault)?;
            match text.parse() {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Text(text.into()),
            }
        }
        _ => return Err(unknown(row.column(index).name(), name)),
    })
}

pub(super) fn of_sqlite(row: &SqliteRow, index: usize) -> Result<Value, DataError> {
    let fault = |error| DataError::of_engine(Engine::Sqlite, error);
    let value = row.try_get_raw(index).map_err(fault)?;
    let type_info = value.type_info();
    Ok(match type_info.name() {
        _ if value.is_null() => Value::Null(Kind::Text),
        "BOOLEAN" | "INTEGER" | "INT4" | "INT8" | "BIGINT" => {
            Value::Integer(read::<i64>(row, index)?)
        }
        "REAL" => Value::Float(read::<f64>(row, index)?),
        "BLOB" => Value::Bytes(read::<Vec<u8>>(row, index)?),
        _ => Value::Text(read::<String>(row, index)?.into()),
    })
}

/// Reads what SQLite stores, without checking the declared type of the column.
fn read<'r, T: Decode<'r, sqlx::Sqlite> + Type<sqlx::Sqlite>>(
    row: &'r SqliteRow,
    index: usize,
) -> Result<T, DataError> {
    row.try_get_unchecked(index)
        .map_err(|error| DataError::of_engine(Engine::Sqlite, error))
}

fn unknown(column: &str, type_name: &str) -> DataError {
    DataError::new(
        DataErrorKind::UnexpectedRow,
        format!("column {column} has the unsupported type {type_name}: cast it in the statement"),
    )
}

/// Parses a timestamp that an engine stores as text.
pub(super) fn time_of_text(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    // The format of CURRENT_TIMESTAMP of SQLite.
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
        .ok()
        .map(|time| time.and_utc())
}

pub(super) fn uuid_of_bytes(bytes: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(bytes).ok()
}
