use crate::{Engine, Row, Statement};

/// What statements run on: a [`Database`](crate::Database), each statement by itself, or a [`Transaction`](crate::Transaction).
///
/// A function of a store takes `&dyn Connection` and works in both.
pub trait Connection: runs::Runs {
    /// Which engine it is.
    fn engine(&self) -> Engine;
}

/// What a statement did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    pub(crate) rows_affected: u64,
    pub(crate) last_insert_id: Option<i64>,
}

impl Done {
    /// How many rows it inserted, found to update, or deleted.
    #[must_use]
    pub const fn rows_affected(self) -> u64 {
        self.rows_affected
    }

    /// The identity of the last inserted row: of MySQL and SQLite alone. `RETURNING` is known to PostgreSQL, MariaDB and SQLite.
    #[must_use]
    pub const fn last_insert_id(self) -> Option<i64> {
        self.last_insert_id
    }
}

/// A statement that is to be run.
#[derive(Debug)]
pub struct Request {
    pub(crate) statement: Statement,
    /// How many rows are wanted, where not all are.
    pub(crate) most: Option<u32>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Answer {
    pub(crate) rows: Vec<Row>,
    pub(crate) done: Done,
}

/// Keeps others from implementing [`Connection`]: whoever runs statements bounds them, counts them and closes what was given up.
pub(crate) mod runs {
    use futures::future::BoxFuture;

    use super::{Answer, Request};
    use crate::DataError;

    /// Runs one statement.
    pub trait Runs: Send + Sync {
        /// Runs it.
        fn run(&self, request: Request) -> BoxFuture<'_, Result<Answer, DataError>>;
    }
}
