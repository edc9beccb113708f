use seaworthy_resilience::Outcome;

/// What kind of failure a [`DataError`](crate::DataError) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataErrorKind {
    /// There is no such row.
    NotFound,
    /// A value that must be unique is there already.
    UniqueViolation,
    /// Another row refers to this one, or the one that this refers to does not exist.
    ForeignKeyViolation,
    /// A value is missing.
    NotNullViolation,
    /// A check of the table does not hold.
    CheckViolation,
    /// A value does not fit its column.
    InvalidValue,
    /// The transaction lost against another and may be run again.
    SerializationFailure,
    /// The transaction was ended to let another go on, and may be run again.
    Deadlock,
    /// Another held the lock for longer than `lock_timeout`.
    LockTimeout,
    /// The statement took longer than `statement_timeout`, or the transaction longer than `transaction_timeout`.
    StatementTimeout,
    /// Nobody waits for the answer any more: the deadline of the request has passed.
    DeadlinePassed,
    /// No connection became free within `acquire_timeout`.
    PoolExhausted,
    /// The circuit breaker is open: the database was not asked.
    CircuitOpen,
    /// No connection could be made. Nothing was sent.
    ConnectionFailed,
    /// The server has no place for another connection. Nothing was sent.
    TooManyConnections,
    /// The server does not accept the name or the password, or does not know the database.
    AccessDenied,
    /// The connection broke; whether the statement was carried out is unknown.
    ConnectionLost,
    /// The connection broke while the transaction was being committed; whether it was committed is unknown.
    OutcomeUnknown,
    /// There is no room left to write.
    DiskFull,
    /// The database only reads at present.
    ReadOnly,
    /// More rows than `maximum_rows`.
    TooManyRows,
    /// The transaction is over.
    TransactionEnded,
    /// An earlier statement of the transaction failed: it can only be rolled back.
    TransactionFailed,
    /// The task holds a transaction and asked for a second connection: with as many tasks as connections, all would wait for ever.
    SecondConnection,
    /// A row does not have the column, or not of that kind.
    UnexpectedRow,
    /// The statement is wrong: a mistake in the program.
    InvalidStatement,
    /// The settings cannot be used.
    InvalidSettings,
    /// The migrations of the program and of the database differ.
    Migration,
    /// Anything else that the engine said.
    Other,
}

impl DataErrorKind {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::UniqueViolation => "a value that must be unique is there already",
            Self::ForeignKeyViolation => "a row that another refers to is missing",
            Self::NotNullViolation => "a value is missing",
            Self::CheckViolation => "a check of the table does not hold",
            Self::InvalidValue => "a value does not fit its column",
            Self::SerializationFailure => "the transaction lost against another",
            Self::Deadlock => "the transaction was ended by a deadlock",
            Self::LockTimeout => "a lock was not given in time",
            Self::StatementTimeout => "it took too long",
            Self::DeadlinePassed => "the deadline has passed",
            Self::PoolExhausted => "no connection became free in time",
            Self::CircuitOpen => "the circuit breaker is open",
            Self::ConnectionFailed => "no connection could be made",
            Self::TooManyConnections => "the server has no place for another connection",
            Self::AccessDenied => "the server refuses access",
            Self::ConnectionLost => "the connection broke",
            Self::OutcomeUnknown => "whether the transaction was committed is unknown",
            Self::DiskFull => "there is no room left to write",
            Self::ReadOnly => "the database only reads",
            Self::TooManyRows => "more rows than one statement may return",
            Self::TransactionEnded => "the transaction is over",
            Self::TransactionFailed => "an earlier statement of the transaction failed",
            Self::SecondConnection => {
                "the task holds a transaction and asked for a second connection"
            }
            Self::UnexpectedRow => "a row is not as expected",
            Self::InvalidStatement => "the statement is wrong",
            Self::InvalidSettings => "the settings cannot be used",
            Self::Migration => "the migrations do not match",
            Self::Other => "the database failed",
        }
    }

    /// The word for metrics and spans.
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
            Self::DeadlinePassed => "DEADLINE_PASSED",
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

    /// Failures of the connection and timeouts count against the database; a violated constraint says that it works.
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
            | Self::DeadlinePassed
            | Self::SecondConnection
            | Self::TransactionEnded
            | Self::InvalidSettings => Outcome::Neutral,
            _ => Outcome::Success,
        }
    }
}
