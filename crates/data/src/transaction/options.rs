use crate::Engine;

/// The isolation level of a transaction. SQLite always has [`Serializable`](Self::Serializable).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// Each statement sees the commits before it.
    #[default]
    ReadCommitted,
    /// All statements see the same state. On PostgreSQL, a write to a row that another transaction
    /// changed is a serialization failure.
    RepeatableRead,
    /// Transactions behave as if they ran one after another. A transaction that conflicts runs
    /// again.
    Serializable,
}

/// Options of a transaction.
///
/// ```
/// use seaworthy_data::{Isolation, TransactionOptions};
///
/// let options = TransactionOptions::new().isolation(Isolation::Serializable).read_only();
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransactionOptions {
    isolation: Isolation,
    reads: bool,
}

impl TransactionOptions {
    /// Creates options for a read-write transaction with read committed isolation.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            isolation: Isolation::ReadCommitted,
            reads: false,
        }
    }

    /// Sets the isolation level.
    #[must_use]
    pub const fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = isolation;
        self
    }

    /// Makes the transaction read-only. On SQLite it then does not wait for writers.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.reads = true;
        self
    }

    pub(super) fn begin(self, engine: Engine) -> Vec<&'static str> {
        match (engine, self.isolation, self.reads) {
            (Engine::Postgres, Isolation::ReadCommitted, false) => {
                vec!["BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"]
            }
            (Engine::Postgres, Isolation::ReadCommitted, true) => {
                vec!["BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"]
            }
            (Engine::Postgres, Isolation::RepeatableRead, false) => {
                vec!["BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"]
            }
            (Engine::Postgres, Isolation::RepeatableRead, true) => {
                vec!["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
            }
            (Engine::Postgres, Isolation::Serializable, false) => {
                vec!["BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"]
            }
            (Engine::Postgres, Isolation::Serializable, true) => {
                vec!["BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY"]
            }
            (Engine::MySql, isolation, reads) => {
                let level = match isolation {
                    Isolation::ReadCommitted => None,
                    Isolation::RepeatableRead => {
                        Some("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    }
                    Isolation::Serializable => Some("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"),
                };
                let begin = if reads {
                    "START TRANSACTION READ ONLY"
                } else {
                    "START TRANSACTION READ WRITE"
                };
                level.into_iter().chain([begin]).collect()
            }
            (Engine::Sqlite, _, false) => vec!["BEGIN IMMEDIATE"],
            (Engine::Sqlite, _, true) => vec!["BEGIN DEFERRED", "PRAGMA query_only = 1"],
        }
    }

    /// Returns whether the transaction is read-only.
    pub(super) const fn reads(self) -> bool {
        self.reads
    }

    /// Returns the statement that resets the connection after the transaction.
    pub(super) const fn after(self, engine: Engine) -> Option<&'static str> {
        match (engine, self.reads) {
            (Engine::Sqlite, true) => Some("PRAGMA query_only = 0"),
            _ => None,
        }
    }
}
