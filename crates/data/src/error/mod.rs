//! Errors of the database, with the same kinds on every engine (DATA-3).

mod classify;
mod kind;
mod mysql;
mod postgres;
mod public;
mod sqlite;

use std::{borrow::Cow, fmt};

use seaworthy_resilience::{Outcome, Rejection};

pub(crate) use classify::classify;
pub use kind::DataErrorKind;

use crate::Engine;

/// A result of a statement.
pub type DataResult<T> = Result<T, DataError>;

/// An error of a database.
///
/// It contains no value of a row. Engines repeat the values of a violated constraint, and these may
/// be personal data, which must not be logged (OBS-3).
#[derive(Clone)]
pub struct DataError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: DataErrorKind,
    constraint: Option<String>,
    code: Option<String>,
    detail: Cow<'static, str>,
    rejection: Option<Rejection>,
}

impl DataError {
    pub(crate) fn new(kind: DataErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            constraint: None,
            code: None,
            detail: detail.into(),
            rejection: None,
        }))
    }

    /// Creates the error of a [`FromColumn`](crate::FromColumn) that cannot convert a value.
    /// `detail` is logged and must not contain the value.
    pub fn unexpected_value(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(DataErrorKind::UnexpectedRow, detail)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(DataErrorKind::NotFound, "no row")
    }

    pub(crate) fn from_rejection(rejection: Rejection) -> Self {
        let mut error = Self::new(DataErrorKind::CircuitOpen, rejection.to_string());
        error.0.rejection = Some(rejection);
        error
    }

    pub(crate) fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    pub(crate) fn with_constraint(mut self, constraint: Option<String>) -> Self {
        self.0.constraint = constraint;
        self
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> DataErrorKind {
        self.0.kind
    }

    /// Returns the name of the violated constraint or index. SQLite names the columns instead, as
    /// `table.column, table.other`. A missing value is named by its column.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.0.constraint.as_deref()
    }

    /// Returns the code of the engine: an SQLSTATE of PostgreSQL, a number of MySQL or SQLite.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns whether a unique value exists already.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.kind() == DataErrorKind::UniqueViolation
    }

    /// Returns whether the transaction conflicts with another one and may run again.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(
            self.kind(),
            DataErrorKind::SerializationFailure | DataErrorKind::Deadlock
        )
    }

    /// Returns whether a statement without a response may have been executed.
    pub(crate) fn leaves_outcome_unknown(&self) -> bool {
        matches!(
            self.kind(),
            DataErrorKind::ConnectionLost
                | DataErrorKind::OutcomeUnknown
                | DataErrorKind::StatementTimeout
                | DataErrorKind::DeadlineExceeded
        )
    }

    pub(crate) fn rejection(&self) -> Option<&Rejection> {
        self.0.rejection.as_ref()
    }

    /// Returns what the error means for the breaker.
    pub(crate) fn outcome(&self) -> Outcome {
        self.kind().outcome()
    }

    /// Returns whether the connection is unusable after this error.
    pub(crate) fn ends_connection(&self) -> bool {
        matches!(
            self.kind(),
            DataErrorKind::ConnectionLost | DataErrorKind::TooManyRows
        )
    }

    /// Adds the operation that failed.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.detail = format!("{place}: {}", self.0.detail).into();
        self
    }

    pub(crate) fn of_engine(engine: Engine, error: sqlx::Error) -> Self {
        classify(engine, error)
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind().text())?;
        if let Some(constraint) = self.constraint() {
            write!(formatter, " ({constraint})")?;
        }
        if !self.0.detail.is_empty() {
            write!(formatter, ": {}", self.0.detail)?;
        }
        if let Some(code) = self.code() {
            write!(formatter, " [{code}]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for DataError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DataError")
            .field("kind", &self.0.kind)
            .field("constraint", &self.0.constraint)
            .field("code", &self.0.code)
            .field("detail", &self.0.detail)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for DataError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let rejection = self.rejection()?;
        Some(rejection)
    }
}
