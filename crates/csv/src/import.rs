use std::{fmt, str::FromStr};

use seaworthy_data::{DataError, FromRow, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::ImportMode;

/// The status of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImportStatus {
    /// The service receives the file.
    Receiving,
    /// The first pass checks all rows.
    Checking,
    /// All rows are checked, and the import waits for its confirmation.
    Checked,
    /// The second pass stores the rows.
    Storing,
    /// All good rows are stored.
    Done,
    /// The import failed.
    Failed,
    /// The owner canceled the import. Rows that were stored stay stored.
    Canceled,
    /// The import removes its rows.
    Undoing,
    /// The rows are removed.
    Undone,
}

/// The error for a text that is not a status of an import.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a status of an import")]
pub struct InvalidImportStatus;

impl ImportStatus {
    const ALL: [Self; 9] = [
        Self::Receiving,
        Self::Checking,
        Self::Checked,
        Self::Storing,
        Self::Done,
        Self::Failed,
        Self::Canceled,
        Self::Undoing,
        Self::Undone,
    ];

    /// Returns the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Checking => "checking",
            Self::Checked => "checked",
            Self::Storing => "storing",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// Returns whether the import has ended. Only an undo can change it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Failed | Self::Canceled | Self::Undone
        )
    }
}

impl fmt::Display for ImportStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for ImportStatus {
    type Err = InvalidImportStatus;

    fn from_str(text: &str) -> Result<Self, InvalidImportStatus> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.as_str() == text)
            .ok_or(InvalidImportStatus)
    }
}

/// The reason of a failed import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportFailure {
    /// The reason in upper snake case, for programs.
    pub reason: String,
    /// The message for the user.
    pub message: String,
}

/// An import and its progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CsvImport {
    /// The ID.
    pub id: Uuid,
    /// The user who owns the import.
    pub owner: String,
    /// The name of the file, as the user sent it.
    pub name: String,
    /// The text of [`NewImport::context`](crate::NewImport::context).
    #[serde(skip)]
    pub context: String,
    /// How rows are stored.
    pub mode: ImportMode,
    /// Whether the import waits for a confirmation after the check.
    pub dry_run: bool,
    /// The status.
    pub status: ImportStatus,
    /// The size of the decoded file, in bytes.
    pub size: u64,
    /// The position of the current pass in the file, in bytes.
    pub position: u64,
    /// The number of rows that were checked.
    pub rows_checked: u64,
    /// The number of rows that cannot be imported.
    pub rows_bad: u64,
    /// The number of rows that are stored.
    pub rows_stored: u64,
    /// The reason of a failure.
    pub failure: Option<ImportFailure>,
    /// The time of creation, in microseconds since 1970.
    pub created_us: i64,
    /// The time of the last change, in microseconds since 1970.
    pub changed_us: i64,
    #[serde(skip)]
    pub(crate) state: State,
}

/// The part of an import that only workers use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) delimiter: String,
    pub(crate) line: u64,
    pub(crate) rows_read: u64,
    pub(crate) attempts: u32,
}

impl CsvImport {
    /// Returns the progress of the current pass, from 0 to 100.
    #[must_use]
    pub fn percent(&self) -> u8 {
        let ratio = match self.status {
            ImportStatus::Done | ImportStatus::Undone | ImportStatus::Checked => 100,
            _ => self.position.saturating_mul(100) / self.size.max(1),
        };
        u8::try_from(ratio.min(100)).unwrap_or(100)
    }
}

macro_rules! import_columns {
    () => {
        "id, owner_id, name, context, mode, dry_run, status, delimiter, size_bytes, position_bytes, position_line, rows_read, rows_checked, rows_bad, rows_stored, failure_reason, failure_text, attempts, created_us, changed_us"
    };
}
pub(crate) use import_columns;

impl FromRow for CsvImport {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let count = |name: &str| -> Result<u64, DataError> {
            let count: i64 = row.get(name)?;
            Ok(u64::try_from(count).unwrap_or_default())
        };
        let status: String = row.get("status")?;
        let mode: String = row.get("mode")?;
        let invalid = |text| DataError::unexpected_value(text);
        let reason: Option<String> = row.get("failure_reason")?;
        let text: Option<String> = row.get("failure_text")?;
        Ok(Self {
            id: row.get("id")?,
            owner: row.get("owner_id")?,
            name: row.get("name")?,
            context: row.get("context")?,
            mode: ImportMode::parse(&mode)
                .ok_or_else(|| invalid("csv_imports.mode is not known"))?,
            dry_run: row.get("dry_run")?,
            status: status
                .parse()
                .map_err(|_| invalid("csv_imports.status is not known"))?,
            size: count("size_bytes")?,
            position: count("position_bytes")?,
            rows_checked: count("rows_checked")?,
            rows_bad: count("rows_bad")?,
            rows_stored: count("rows_stored")?,
            failure: reason.map(|reason| ImportFailure {
                reason,
                message: text.unwrap_or_default(),
            }),
            created_us: row.get("created_us")?,
            changed_us: row.get("changed_us")?,
            state: State {
                delimiter: row.get("delimiter")?,
                line: count("position_line")?,
                rows_read: count("rows_read")?,
                attempts: u32::try_from(count("attempts")?).unwrap_or(u32::MAX),
            },
        })
    }
}
