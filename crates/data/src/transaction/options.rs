use crate::Engine;

/// What a transaction sees of others. SQLite always gives [`Serializable`](Self::Serializable).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// Each statement sees what was committed before it.
    #[default]
    ReadCommitted,
    /// All statements see the same; on PostgreSQL, writing what another has changed is a serialization failure.
    RepeatableRead,
    /// As if one after the other; whoever lost against another is run again.
    Serializable,
}

/// How a transaction is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransactionOptions {
    isolation: Isolation,
    reads: bool,
}

impl TransactionOptions {
    /// A transaction that writes and sees what is committed.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            isolation: Isolation::ReadCommitted,
            reads: false,
        }
    }

    /// What it sees of others.
    #[must_use]
    pub const fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = isolation;
        self
    }

    /// It only reads; on SQLite it then does not wait for writers.
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

    /// Whether it only reads.
    pub(super) const fn reads(self) -> bool {
        self.reads
    }

    /// What makes the connection an ordinary one again.
    pub(super) const fn after(self, engine: Engine) -> Option<&'static str> {
        match (engine, self.reads) {
            (Engine::Sqlite, true) => Some("PRAGMA query_only = 0"),
            _ => None,
        }
    }
}
