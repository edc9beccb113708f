use std::error::Error as StdError;

use seaworthy_core::{ByteSize, Code, Error};
use seaworthy_data::{DataError, DataErrorKind};

use crate::ImportStatus;

/// A file that cannot be read as CSV. The messages are for the user who chose the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file is a spreadsheet or another archive.
    #[error("the file is a spreadsheet or an archive: export it as CSV first")]
    Spreadsheet,
    /// The file contains NUL characters.
    #[error("line {line} contains the character NUL: save the file as CSV with the encoding UTF-8")]
    Binary {
        /// The line, from 1.
        line: u64,
    },
    /// The bytes are not valid in the encoding.
    #[error(
        "line {line} is not valid {encoding}: save the file as UTF-8, or choose the encoding windows-1252"
    )]
    Encoding {
        /// The line, from 1.
        line: u64,
        /// The expected encoding.
        encoding: &'static str,
    },
    /// The file is larger than the limit.
    #[error("the file is larger than {0}: split it")]
    TooLarge(ByteSize),
    /// The file has more rows than the limit.
    #[error("the file has more than {0} rows: split it")]
    TooManyRows(u64),
    /// A row has more columns than the limit.
    #[error("line {line} has more than {max} columns: check the delimiter")]
    TooManyColumns {
        /// The line, from 1.
        line: u64,
        /// The limit.
        max: u32,
    },
    /// A row is larger than the limit.
    #[error(
        "the row that begins on line {line} is larger than {max}: check that its quotes are closed"
    )]
    RowTooLarge {
        /// The line, from 1.
        line: u64,
        /// The limit.
        max: ByteSize,
    },
    /// The file has more bad rows than the limit.
    #[error("more than {0} rows cannot be imported: correct the file")]
    TooManyBadRows(u32),
    /// The file has no header.
    #[error("the file is empty: the first line must name the columns {0}")]
    Empty(String),
    /// The header lacks columns.
    #[error("the header lacks {missing}: name the columns {expected} in the first line")]
    MissingColumns {
        /// The missing columns.
        missing: String,
        /// All columns.
        expected: String,
    },
    /// The header has a column that the import does not have.
    #[error("column {position} of the header is not known: use {expected}, or remove the column")]
    UnknownColumn {
        /// The position, from 1.
        position: usize,
        /// All columns.
        expected: String,
    },
    /// The header names a column twice.
    #[error("the header has the column {0} twice: remove one of them")]
    DuplicateColumn(&'static str),
}

/// An operation on an import failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The import does not exist, or belongs to another owner.
    #[error("the import does not exist")]
    NotFound,
    /// The file cannot be read as CSV.
    #[error(transparent)]
    File(#[from] FileError),
    /// The owner has too many imports that have not ended.
    #[error("{0} imports have not ended: cancel one first")]
    TooManyOpen(u32),
    /// The status does not allow the operation.
    #[error("the import is {0}, which does not allow this")]
    Status(ImportStatus),
    /// The rows of this import cannot be undone.
    #[error("imports of this kind cannot be undone")]
    NoUndo,
    /// An argument is not valid.
    #[error("{0}")]
    Invalid(&'static str),
    /// The file could not be received.
    #[error("the file could not be received completely: send it again")]
    Body(#[source] Box<dyn StdError + Send + Sync>),
    /// The database failed.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Self {
        let (code, reason) = match error {
            ImportError::Data(error) => return error.into(),
            ImportError::NotFound => (Code::NotFound, "IMPORT_NOT_FOUND"),
            ImportError::File(FileError::TooLarge(_)) => (Code::TooLarge, "FILE_TOO_LARGE"),
            ImportError::File(_) => (Code::Invalid, "FILE_INVALID"),
            ImportError::TooManyOpen(_) => (Code::Conflict, "TOO_MANY_OPEN_IMPORTS"),
            ImportError::Status(_) => (Code::Conflict, "IMPORT_STATUS"),
            ImportError::NoUndo => (Code::Conflict, "IMPORT_NO_UNDO"),
            ImportError::Invalid(_) => (Code::Invalid, "INVALID"),
            ImportError::Body(_) => (Code::Invalid, "BODY_FAILED"),
        };
        let text = error.to_string();
        Self::new(code, reason, text).with_cause(error)
    }
}

/// Your code could not store rows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreRowsError {
    /// One of the rows cannot be stored. The import finds the row, reports it and stores the
    /// others.
    #[error("{message}")]
    Rejected {
        /// The column, if the problem is in one.
        column: Option<&'static str>,
        /// The reason, for the user.
        message: String,
    },
    /// The database failed. A violated constraint counts as a rejected row.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The owner has no permission to import. The import fails, and the rows of complete batches
    /// stay stored.
    #[error("{0}")]
    Forbidden(String),
    /// Another failure. The import is retried.
    #[error("the rows could not be stored")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
}

impl StoreRowsError {
    /// Rejects a row.
    pub fn rejected(message: impl Into<String>) -> Self {
        Self::Rejected {
            column: None,
            message: message.into(),
        }
    }

    /// Reports a failure after which a later attempt may succeed.
    pub fn failed(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }

    /// Returns the message about a rejected row.
    pub(crate) fn rejection(&self) -> Option<(Option<&'static str>, String)> {
        let message = match self {
            Self::Rejected { column, message } => return Some((*column, message.clone())),
            Self::Data(error) => match error.kind() {
                DataErrorKind::UniqueViolation => "a row with the same key exists already",
                DataErrorKind::ForeignKeyViolation => "a row that it refers to does not exist",
                DataErrorKind::NotNullViolation => "a required value is missing",
                DataErrorKind::CheckViolation => "a value is not allowed",
                DataErrorKind::InvalidValue => "a value is too long or not valid",
                _ => return None,
            },
            Self::Forbidden(_) | Self::Failed(_) => return None,
        };
        Some((None, message.to_owned()))
    }
}
