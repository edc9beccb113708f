use seaworthy::data::{DataError, FromRow, Row};

use crate::domain::{Attributes, Symbol};

/// Databases have signed integers. The bits stay the same, and nothing asks for the order of projects.
pub(super) fn project(id: u64) -> i64 {
    id.cast_signed()
}

/// Ids are the store's own and positive; one beyond is an id that nobody has.
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

/// One line of a list.
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
