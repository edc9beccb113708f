use seaworthy_resilience::Outcome;

/// The kinds of [`DataError`](crate::DataError).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataErrorKind {
    /// No row matches.
    NotFound,
    /// A unique value exists already.
    UniqueViolation,
    /// A row that another row references is missing, or is still referenced.
    ForeignKeyViolation,
    /// A column that is `NOT NULL` has no value.
    NotNullViolation,
    /// A `CHECK` constraint failed.
    CheckViolation,
    /// A value does not fit its column.
    InvalidValue,
    /// Another transaction changed the same rows. The transaction may run again.
    SerializationFailure,
    /// The server ended the transaction to resolve a deadlock. The transaction may run again.
    Deadlock,
    /// Another transaction held the lock for longer than `lock_timeout`.
    LockTimeout,
    /// The statement exceeded `statement_timeout`, or the transaction `transaction_timeout`.
    StatementTimeout,
    /// The deadline of the request has passed.
    DeadlineExceeded,
    /// No connection became free within `acquire_timeout`.
    PoolExhausted,
    /// The circuit breaker is open. Nothing was sent.
    CircuitOpen,
    /// The connection failed. Nothing was sent.
    ConnectionFailed,
    /// The server has reached its connection limit. Nothing was sent.
    TooManyConnections,
    /// The server rejects the user or the password, or has no such database.
    AccessDenied,
    /// The connection broke. Whether the statement was executed is unknown.
    ConnectionLost,
    /// The connection broke during the commit. Whether the transaction was committed is unknown.
    OutcomeUnknown,
    /// The disk is full.
    DiskFull,
    /// The database is read-only.
    ReadOnly,
    /// The statement returned more rows than `max_rows`.
    TooManyRows,
    /// The transaction has ended.
    TransactionEnded,
    /// An earlier statement of the transaction failed. Only a rollback is possible.
    TransactionFailed,
    /// The task holds a transaction and requested a second connection. As many such tasks as
    /// connections would deadlock.
    SecondConnection,
    /// The row lacks the column, or the column has another type.
    UnexpectedRow,
    /// The statement is invalid, which is a bug in the program.
    InvalidStatement,
    /// The settings are invalid.
    InvalidSettings,
    /// The migrations of the program and of the database differ.
    Migration,
    /// Another error of the engine.
    Other,
}

impl DataErrorKind {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::UniqueViolation => "a unique value exists already",
            Self::ForeignKeyViolation => {
                "a referenced row is missing, or a row is still referenced"
            }
            Self::NotNullViolation => "a required value is missing",
            Self::CheckViolation => "a check constraint failed",
            Self::InvalidValue => "a value does not fit its column",
            Self::SerializationFailure => "the transaction conflicts with another one",
            Self::Deadlock => "the server ended the transaction because of a deadlock",
            Self::LockTimeout => "the wait for a lock timed out",
            Self::StatementTimeout => "the statement or transaction timed out",
            Self::DeadlineExceeded => "the deadline has passed",
            Self::PoolExhausted => "no connection became free within acquire_timeout",
            Self::CircuitOpen => "the circuit breaker is open",
            Self::ConnectionFailed => "the connection to the database failed",
            Self::TooManyConnections => "the server has reached its connection limit",
            Self::AccessDenied => "the server denies access",
            Self::ConnectionLost => "the connection to the database was lost",
            Self::OutcomeUnknown => "whether the transaction was committed is unknown",
            Self::DiskFull => "the disk of the database is full",
            Self::ReadOnly => "the database is read-only",
            Self::TooManyRows => "the statement returned more rows than max_rows",
            Self::TransactionEnded => "the transaction has ended",
            Self::TransactionFailed => "an earlier statement of the transaction failed",
            Self::SecondConnection => {
                "the task has an open transaction and requested a second connection"
            }
            Self::UnexpectedRow => "the row does not have the expected form",
            Self::InvalidStatement => "the statement is invalid",
            Self::InvalidSettings => "the settings of the database are invalid",
            Self::Migration => "the migrations of the program and the database differ",
            Self::Other => "the database failed",
        }
    }

    /// Returns the name for metrics and spans, in upper snake case.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::UniqueViolation => "UNIQUE_VIOLATION",
            Self::ForeignKeyViolation => "FOREIGN_KEY_VIOLATION",
            Self::NotNullViolation => "NOT_NULL_VIOLATION",
            Self::CheckViolation => "CHECK_VIOLATION",
            Self::InvalidValue => "INVALID_VALUE",
            Self::SerializationFailure => "SERIALIZATION_FAILURE",
            Self::Deadlock => "DEADLOCK",
            Self::LockTimeout => "LOCK_TIMEOUT",
            Self::StatementTimeout => "STATEMENT_TIMEOUT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::PoolExhausted => "POOL_EXHAUSTED",
            Self::CircuitOpen => "CIRCUIT_OPEN",
            Self::ConnectionFailed => "CONNECTION_FAILED",
            Self::TooManyConnections => "TOO_MANY_CONNECTIONS",
            Self::AccessDenied => "ACCESS_DENIED",
            Self::ConnectionLost => "CONNECTION_LOST",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::DiskFull => "DISK_FULL",
            Self::ReadOnly => "READ_ONLY",
            Self::TooManyRows => "TOO_MANY_ROWS",
            Self::TransactionEnded => "TRANSACTION_ENDED",
            Self::TransactionFailed => "TRANSACTION_FAILED",
            Self::SecondConnection => "SECOND_CONNECTION",
            Self::UnexpectedRow => "UNEXPECTED_ROW",
            Self::InvalidStatement => "INVALID_STATEMENT",
            Self::InvalidSettings => "INVALID_SETTINGS",
            Self::Migration => "MIGRATION",
            Self::Other => "OTHER",
        }
    }

    /// Returns what the kind means for the breaker. Connection failures and timeouts count as
    /// failures. A violated constraint proves that the database works.
    pub(super) const fn outcome(self) -> Outcome {
        match self {
            Self::ConnectionFailed
            | Self::TooManyConnections
            | Self::ConnectionLost
            | Self::OutcomeUnknown
            | Self::StatementTimeout => Outcome::TRANSIENT,
            Self::AccessDenied | Self::DiskFull | Self::ReadOnly => Outcome::Permanent,
            Self::PoolExhausted
            | Self::CircuitOpen
            | Self::DeadlineExceeded
            | Self::SecondConnection
            | Self::TransactionEnded
            | Self::InvalidSettings => Outcome::Neutral,
            _ => Outcome::Success,
        }
    }
}
