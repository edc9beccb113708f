//! Functions for `#[from_row(with = …)]`.

use std::str::FromStr;

use seaworthy::data::prelude::*;
use serde::de::DeserializeOwned;
use tutoring_contract::Territory;

/// Reads a text and parses it, such as a date or the name of a variant.
///
/// # Errors
/// The value has another form.
pub fn from_text<T: FromStr>(row: &Row, column: &str) -> Result<T, DataError> {
    from_optional_text(row, column)?.ok_or_else(|| unexpected(column))
}

/// Reads a text as [`from_text`] does. A column without a value is `None`.
///
/// # Errors
/// The value has another form.
pub fn from_optional_text<T: FromStr>(row: &Row, column: &str) -> Result<Option<T>, DataError> {
    let text: Option<String> = row.get(column)?;
    let parse = |text: String| text.parse().map_err(|_| unexpected(column));
    text.map(parse).transpose()
}

/// Reads a JSON document.
///
/// # Errors
/// The document has another form.
pub fn from_json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, DataError> {
    serde_json::from_value(row.get(column)?).map_err(|_| unexpected(column))
}

/// Reads the territory in the columns `state`, `district`, `zone` and `locality`.
///
/// # Errors
/// A column is missing.
pub fn territory(row: &Row, _: &str) -> Result<Territory, DataError> {
    Ok(Territory {
        state: row.get("state")?,
        district: row.get("district")?,
        zone: row.get("zone")?,
        locality: row.get("locality")?,
    })
}

/// Reads the columns `latitude` and `longitude`.
///
/// # Errors
/// A column is missing.
pub fn coordinates(row: &Row, _: &str) -> Result<Option<(f64, f64)>, DataError> {
    let latitude: Option<f64> = row.get("latitude")?;
    Ok(latitude.zip(row.get("longitude")?))
}

fn unexpected(column: &str) -> DataError {
    DataError::unexpected_value(format!("the column {column} has an unexpected value"))
}
