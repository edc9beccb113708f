//! Functions for `#[from_row(with = …)]`, and for conditions.

use seaworthy::data::prelude::*;
use tutoring_contract::Territory;

/// Reads the territory in the columns `state`, `district`, `zone` and `locality`.
///
/// # Errors
/// A column is missing.
pub fn territory(row: &Row, _: &str) -> DataResult<Territory> {
    Ok(Territory::from_levels([
        row.get("state")?,
        row.get("district")?,
        row.get("zone")?,
        row.get("locality")?,
    ]))
}

/// Returns the condition of each level of a territory: whether it is set, and its trimmed name in
/// lower case.
#[must_use]
pub fn levels(territory: &Territory) -> [(i64, String); 4] {
    let levels = territory.levels();
    levels.map(|level| optional(level.map(|name| name.trim().to_lowercase())))
}

/// Returns the condition of an optional filter of a list: whether it is set, and its value.
///
/// ```
/// use tutoring_identity::optional;
///
/// assert_eq!(optional(Some("open")), (1, "open"));
/// assert_eq!(optional(None::<&str>), (0, ""));
/// ```
#[must_use]
pub fn optional<T: Default>(value: Option<T>) -> (i64, T) {
    (i64::from(value.is_some()), value.unwrap_or_default())
}

/// Returns the pattern that matches texts in lower case with this part, for `LIKE … ESCAPE '!'`.
#[must_use]
pub fn containing(text: &str) -> String {
    let text = text.to_lowercase();
    let text = text
        // No stored text contains U+0000, and PostgreSQL rejects it.
        .replace('\0', "\u{fffd}")
        .replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_");
    format!("%{text}%")
}

/// Reads the columns `latitude` and `longitude`.
///
/// # Errors
/// A column is missing.
pub fn coordinates(row: &Row, _: &str) -> DataResult<Option<(f64, f64)>> {
    let latitude: Option<f64> = row.get("latitude")?;
    Ok(latitude.zip(row.get("longitude")?))
}
