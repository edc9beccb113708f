use std::{borrow::Cow, sync::Arc, time::Duration};

use crate::{
    Connection, DataError, Engine, FromRow, Row, StatementResult, Value,
    connection::{Request, StatementOutput},
};

/// An SQL statement and its values.
///
/// The text is part of the program. A value from a client can be bound to a `?` and can never
/// become SQL (DATA-4).
///
/// ```compile_fail
/// let name = String::from("x'; DROP TABLE symbols; --");
/// seaworthy_data::sql(&format!("SELECT id FROM symbols WHERE name = '{name}'"));
/// ```
#[derive(Debug, Clone)]
#[must_use = "a statement does nothing until it is executed"]
pub struct Statement {
    text: Text,
    postgres: Option<&'static str>,
    mysql: Option<&'static str>,
    sqlite: Option<&'static str>,
    values: Vec<Value>,
    lists: Vec<usize>,
    rows: Option<Rows>,
    reads: bool,
}

/// The number and width of the rows that are bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) count: usize,
    pub(crate) width: usize,
}

/// The text of a statement.
#[derive(Debug, Clone)]
pub(crate) enum Text {
    /// A literal of the program.
    Static(&'static str),
    /// A text that this crate has composed from literals of the program.
    Composed(Arc<str>),
}

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Composed(text) => text,
        }
    }
}

/// Creates a statement.
///
/// Each `?` takes the next value of [`bind`](Statement::bind), `?*` the values of
/// [`bind_list`](Statement::bind_list) and `(?, ?)**` those of [`bind_rows`](Statement::bind_rows).
/// `??` is a question mark. `{now_us}` is the time of the database in microseconds since 1970,
/// which is the same for processes whose clocks differ.
///
/// ```no_run
/// # async fn example(database: &seaworthy_data::Database) -> Result<(), seaworthy_data::DataError> {
/// use seaworthy_data::sql;
///
/// let symbols: Vec<(i64, String)> = sql("SELECT id, label FROM symbols WHERE project_id = ? AND deleted_at IS NULL")
///     .bind(7)
///     .fetch_all(database)
///     .await?;
/// # Ok(())
/// # }
/// ```
pub fn sql(text: &'static str) -> Statement {
    Statement::new(Text::Static(text))
}

/// Returns a duration as a value for columns with microseconds. A longer duration than half of
/// their range becomes this half, so that adding `{now_us}` does not overflow.
#[must_use]
pub fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros())
        .unwrap_or(i64::MAX)
        .min(i64::MAX / 2)
}

impl Statement {
    pub(crate) fn new(text: Text) -> Self {
        Self {
            text,
            postgres: None,
            mysql: None,
            sqlite: None,
            values: Vec::new(),
            lists: Vec::new(),
            rows: None,
            reads: false,
        }
    }

    /// Sets the text for PostgreSQL.
    pub fn on_postgres(mut self, text: &'static str) -> Self {
        self.postgres = Some(text);
        self
    }

    /// Sets the text for MySQL and MariaDB.
    pub fn on_mysql(mut self, text: &'static str) -> Self {
        self.mysql = Some(text);
        self
    }

    /// Sets the text for SQLite.
    pub fn on_sqlite(mut self, text: &'static str) -> Self {
        self.sqlite = Some(text);
        self
    }

    /// Binds the value of the next `?`.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds the values of the next `?*`, as in `WHERE id IN (?*)`. An empty list contains nothing.
    pub fn bind_list<T: Into<Value>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        let start = self.values.len();
        self.values.extend(values.into_iter().map(Into::into));
        let mut length = self.values.len() - start;
        // Padded lists have few lengths, so servers prepare few statements.
        if let Some(last) = self.values.last().cloned().filter(|_| length > 0) {
            let padded = length.next_power_of_two();
            self.values
                .extend(std::iter::repeat_n(last, padded - length));
            length = padded;
        }
        self.lists.push(length);
        self
    }

    /// Binds rows. The statement repeats the parentheses before `**` for each row, as in `VALUES
    /// (?, ?, {now_us})**`. A statement without rows fails. Databases accept some ten thousand
    /// values.
    pub fn bind_rows<const WIDTH: usize>(
        mut self,
        rows: impl IntoIterator<Item = [Value; WIDTH]>,
    ) -> Self {
        let start = self.values.len();
        self.values.extend(rows.into_iter().flatten());
        self.rows = Some(Rows {
            count: (self.values.len() - start).checked_div(WIDTH).unwrap_or(0),
            width: WIDTH,
        });
        self
    }

    /// Lets a read replica execute the statement. A `SELECT` goes to the primary by default,
    /// because it may call a function that writes, and because a replica lags.
    pub fn on_replica(mut self) -> Self {
        self.reads = true;
        self
    }

    pub(crate) fn may_use_replica(&self) -> bool {
        self.reads
    }

    pub(crate) fn text(&self, engine: Engine) -> Cow<'_, Text> {
        let other = match engine {
            Engine::Postgres => self.postgres,
            Engine::MySql => self.mysql,
            Engine::Sqlite => self.sqlite,
        };
        other.map_or(Cow::Borrowed(&self.text), |text| {
            Cow::Owned(Text::Static(text))
        })
    }

    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    pub(crate) fn bind_values(mut self, values: Vec<Value>) -> Self {
        self.values.extend(values);
        self
    }

    pub(crate) fn list_lengths(&self) -> &[usize] {
        &self.lists
    }

    pub(crate) fn rows(&self) -> Option<Rows> {
        self.rows
    }

    /// Returns the number of values. A list counts as one and rows count as none.
    pub(crate) fn bound(&self) -> usize {
        let in_lists: usize = self.lists.iter().sum();
        let in_rows = self.rows.map_or(0, |rows| rows.count * rows.width);
        self.values.len() - in_lists - in_rows + self.lists.len()
    }

    async fn run(
        self,
        connection: &dyn Connection,
        limit: Option<u32>,
    ) -> Result<StatementOutput, DataError> {
        let request = Request {
            statement: self,
            limit,
        };
        connection.run(request).await
    }

    /// Executes the statement and returns no rows.
    ///
    /// # Errors
    /// Any [`DataError`] of the connection or the database.
    pub async fn execute(self, connection: &dyn Connection) -> Result<StatementResult, DataError> {
        Ok(self.run(connection, None).await?.done)
    }

    /// Executes the statement, and ignores the number of changed rows.
    ///
    /// # Errors
    /// Any [`DataError`] of the connection or the database.
    pub async fn apply(self, connection: &dyn Connection) -> Result<(), DataError> {
        self.execute(connection).await.map(drop)
    }

    /// Executes the statement. Returns whether it changed a row.
    ///
    /// # Errors
    /// Any [`DataError`] of the connection or the database.
    pub async fn changes(self, connection: &dyn Connection) -> Result<bool, DataError> {
        Ok(self.execute(connection).await?.rows_affected() > 0)
    }

    /// Returns whether the statement selects a row. Further rows are not read.
    ///
    /// # Errors
    /// Any [`DataError`] of the connection or the database.
    pub async fn exists(self, connection: &dyn Connection) -> Result<bool, DataError> {
        Ok(!self.run(connection, Some(1)).await?.rows.is_empty())
    }

    /// Returns all rows. More rows than the setting `max_rows` are an error.
    ///
    /// # Errors
    /// Any [`DataError`] of the connection or the database, and
    /// [`UnexpectedRow`](crate::DataErrorKind::UnexpectedRow) for a column of another type.
    pub async fn fetch_all<T: FromRow>(
        self,
        connection: &dyn Connection,
    ) -> Result<Vec<T>, DataError> {
        let rows = self.fetch_rows(connection).await?;
        rows.iter().map(T::from_row).collect()
    }

    /// Returns all rows without conversion.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn fetch_rows(self, connection: &dyn Connection) -> Result<Vec<Row>, DataError> {
        Ok(self.run(connection, None).await?.rows)
    }

    /// Returns the first row. Further rows are not read.
    ///
    /// # Errors
    /// [`NotFound`](crate::DataErrorKind::NotFound) without a row, and those of
    /// [`fetch_all`](Self::fetch_all).
    pub async fn fetch_one<T: FromRow>(self, connection: &dyn Connection) -> Result<T, DataError> {
        self.fetch_optional(connection)
            .await?
            .ok_or_else(DataError::not_found)
    }

    /// Returns the first row, if any. Further rows are not read.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn fetch_optional<T: FromRow>(
        self,
        connection: &dyn Connection,
    ) -> Result<Option<T>, DataError> {
        let rows = self.run(connection, Some(1)).await?.rows;
        rows.first().map(T::from_row).transpose()
    }
}
