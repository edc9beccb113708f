use seaworthy::data::{DataError, FromRow, Row};

use crate::domain::{Attributes, Symbol};

/// Converts a project ID to a signed column. The bits stay the same, and no query compares the
/// order of projects.
pub(super) fn project(id: u64) -> i64 {
    id.cast_signed()
}

/// Converts a symbol ID. An ID that the store cannot assign becomes -1, which never exists.
pub(super) fn id(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(-1)
}

impl FromRow for Attributes {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            project_id: row.get::<i64>("project_id")?.cast_unsigned(),
            uid: row.get("uid")?,
            label: row.get("label")?,
            class_name: row.get("class_name")?,
            component_target: row.get("component_target")?,
            version: row.get("version")?,
        })
    }
}

/// A row of a list.
pub(super) struct Line(pub(super) u64, pub(super) Attributes);

impl FromRow for Line {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self(row.get("id")?, Attributes::from_row(row)?))
    }
}

impl FromRow for Symbol {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let Line(id, attributes) = Line::from_row(row)?;
        Ok(Self {
            id,
            attributes,
            data: row.get("data")?,
        })
    }
}
