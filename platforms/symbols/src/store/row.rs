use sqlx::{FromRow, Row as _, sqlite::SqliteRow};

use crate::domain::{Attributes, Symbol};

/// SQLite has signed integers only. The bits stay the same, and nothing asks for the order of projects.
pub(super) fn project(id: u64) -> i64 {
    id.cast_signed()
}

/// Ids are the store's own and positive; one beyond is an id that nobody has.
pub(super) fn id(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(-1)
}

impl FromRow<'_, SqliteRow> for Attributes {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            project_id: row.try_get::<i64, _>("project_id")?.cast_unsigned(),
            uid: row.try_get("uid")?,
            label: row.try_get("label")?,
            class_name: row.try_get("class_name")?,
            component_target: row.try_get("component_target")?,
            version: row.try_get("version")?,
        })
    }
}

/// One line of a list.
pub(super) struct Line(pub(super) u64, pub(super) Attributes);

impl FromRow<'_, SqliteRow> for Line {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let id: i64 = row.try_get("id")?;
        Ok(Self(id.cast_unsigned(), Attributes::from_row(row)?))
    }
}

impl FromRow<'_, SqliteRow> for Symbol {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let Line(id, attributes) = Line::from_row(row)?;
        Ok(Self {
            id,
            attributes,
            data: row.try_get("data")?,
        })
    }
}
