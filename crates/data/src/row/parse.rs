//! Functions for `#[from_row(with = …)]`.

use std::str::FromStr;

use serde::de::DeserializeOwned;

use super::Row;
use crate::{DataError, DataResult};

/// Reads a text and parses it, such as a date or the name of a variant.
///
/// # Errors
/// The column is missing, or its value has another form.
pub fn from_text<T: FromStr>(row: &Row, column: &str) -> DataResult<T> {
    from_optional_text(row, column)?.ok_or_else(|| unexpected(column))
}

/// Reads a text as [`from_text`] does. A column without a value is `None`.
///
/// # Errors
/// The column is missing, or its value has another form.
pub fn from_optional_text<T: FromStr>(row: &Row, column: &str) -> DataResult<Option<T>> {
    let text: Option<String> = row.get(column)?;
    let parse = |text: String| text.parse().map_err(|_| unexpected(column));
    text.map(parse).transpose()
}

/// Reads a JSON document.
///
/// # Errors
/// The column is missing, or its document has another form.
pub fn from_json<T: DeserializeOwned>(row: &Row, column: &str) -> DataResult<T> {
    serde_json::from_value(row.get(column)?).map_err(|_| unexpected(column))
}

fn unexpected(column: &str) -> DataError {
    DataError::unexpected_value(format!("the column {column} has an unexpected value"))
}
