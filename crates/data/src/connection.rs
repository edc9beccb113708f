use crate::{Engine, Row, Statement};

/// Executes statements: a [`Database`](crate::Database) one by one, or a
/// [`Transaction`](crate::Transaction).
///
/// Write the functions of a store for `&dyn Connection`, so that they work with both.
pub trait Connection: runs::Runs {
    /// Returns the engine.
    fn engine(&self) -> Engine;
}

/// The result of a statement that returns no rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatementResult {
    pub(crate) rows_affected: u64,
    pub(crate) last_insert_id: Option<i64>,
}

impl StatementResult {
    /// Returns the number of rows that were inserted, matched by an update, or deleted.
    #[must_use]
    pub const fn rows_affected(self) -> u64 {
        self.rows_affected
    }

    /// Returns the identity of the last inserted row, on MySQL and SQLite. PostgreSQL, MariaDB and
    /// SQLite support `RETURNING`.
    #[must_use]
    pub const fn last_insert_id(self) -> Option<i64> {
        self.last_insert_id
    }
}

/// A statement to execute.
#[derive(Debug)]
pub struct Request {
    pub(crate) statement: Statement,
    /// The number of rows to read, or `None` for all.
    pub(crate) limit: Option<u32>,
}

/// The result of a statement.
#[derive(Debug, Default)]
pub struct StatementOutput {
    pub(crate) rows: Vec<Row>,
    pub(crate) done: StatementResult,
}

/// Seals [`Connection`]. Its implementations enforce timeouts, record metrics and close
/// connections.
pub(crate) mod runs {
    use futures::future::BoxFuture;

    use super::{Request, StatementOutput};
    use crate::DataError;

    /// Executes statements.
    pub trait Runs: Send + Sync {
        /// Executes one statement.
        fn run(&self, request: Request) -> BoxFuture<'_, Result<StatementOutput, DataError>>;
    }
}
