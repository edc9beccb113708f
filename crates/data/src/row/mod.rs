//! Rows and their conversion.

mod column;
mod from_row;
mod parse;
mod value;

pub use column::FromColumn;
pub use from_row::FromRow;
pub use parse::{from_json, from_optional_text, from_text};

use sqlx::{Column, Row as _, mysql::MySqlRow, postgres::PgRow, sqlite::SqliteRow};

use crate::{DataError, DataErrorKind, Value};

/// A row that a statement returned.
pub struct Row(pub(crate) EngineRow);

pub(crate) enum EngineRow {
    Postgres(PgRow),
    MySql(MySqlRow),
    Sqlite(SqliteRow),
}

impl Row {
    /// Returns the value of the column with this name.
    ///
    /// # Errors
    /// The row has no such column, its value has another type, or is null and `T` is not an
    /// `Option`.
    pub fn get<T: FromColumn>(&self, name: &str) -> Result<T, DataError> {
        let index = self.names().position(|known| known == name);
        let index = index.ok_or_else(|| {
            DataError::new(
                DataErrorKind::UnexpectedRow,
                format!("the row has no column {name}"),
            )
        })?;
        self.get_at(index)
    }

    /// Returns the value of the column at this index, from 0.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub fn get_at<T: FromColumn>(&self, index: usize) -> Result<T, DataError> {
        T::from_value(self.value_at(index)?)
            .map_err(|error| error.at(self.names().nth(index).unwrap_or("a column")))
    }

    /// Returns the number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            EngineRow::Postgres(row) => row.len(),
            EngineRow::MySql(row) => row.len(),
            EngineRow::Sqlite(row) => row.len(),
        }
    }

    /// Returns whether there are no columns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the names of the columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let name = |index| match &self.0 {
            EngineRow::Postgres(row) => row.columns().get(index).map(Column::name),
            EngineRow::MySql(row) => row.columns().get(index).map(Column::name),
            EngineRow::Sqlite(row) => row.columns().get(index).map(Column::name),
        };
        (0..self.len()).filter_map(name)
    }

    /// Returns the value at this index, from 0, with the type of its column.
    ///
    /// # Errors
    /// The row has no such column, or this crate does not support its type.
    pub fn value_at(&self, index: usize) -> Result<Value, DataError> {
        match &self.0 {
            EngineRow::Postgres(row) => value::of_postgres(row, index),
            EngineRow::MySql(row) => value::of_mysql(row, index),
            EngineRow::Sqlite(row) => value::of_sqlite(row, index),
        }
    }
}

impl std::fmt::Debug for Row {
    /// Shows only the names, because values must not be logged.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.names()).finish()
    }
}
