//! The SQL of imports.

use seaworthy_core::Timeout;
use seaworthy_data::{
    Connection, DataError, Database, FromRow, Row, Transaction, Value, microseconds, sql,
};
use uuid::Uuid;

use crate::{
    BadRow, CsvImport, ImportError, ImportStatus, NewImport,
    import::{ImportFailure, import_columns},
};

/// The size of a piece of a file, in bytes. Every engine accepts it as one value.
pub(crate) const PIECE_SIZE: u64 = 256 * 1024;
/// Maximum number of imports in a list.
const MAX_LISTED: u32 = 50;
/// Maximum number of bad rows that one statement stores.
const MAX_BAD_ROWS: usize = 500;
/// Maximum number of problems of one row in the report.
pub(crate) const MAX_PROBLEMS: u64 = 16;

pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) async fn find(
    connection: &dyn Connection,
    kind: &str,
    id: Uuid,
    owner: &str,
) -> Result<CsvImport, ImportError> {
    let found = sql(concat!(
        "SELECT ",
        import_columns!(),
        " FROM csv_imports WHERE id = ? AND kind = ? AND owner_id = ?"
    ))
    .bind(id)
    .bind(kind)
    .bind(owner)
    .fetch_optional(connection)
    .await?;
    found.ok_or(ImportError::NotFound)
}

pub(crate) async fn list(
    connection: &dyn Connection,
    kind: &str,
    owner: &str,
) -> Result<Vec<CsvImport>, ImportError> {
    let listed = sql(concat!(
        "SELECT ",
        import_columns!(),
        " FROM csv_imports WHERE owner_id = ? AND kind = ? ORDER BY created_us DESC, id DESC LIMIT ?"
    ))
    .bind(owner)
    .bind(kind)
    .bind(MAX_LISTED)
    .fetch_all(connection)
    .await?;
    Ok(listed)
}

pub(crate) async fn count_open(
    connection: &dyn Connection,
    kind: &str,
    owner: &str,
) -> Result<u64, DataError> {
    let (count,): (u64,) = sql("SELECT COUNT(*) FROM csv_imports WHERE owner_id = ? AND kind = ? AND status IN ('receiving', 'checking', 'checked', 'storing', 'undoing')")
        .bind(owner)
        .bind(kind)
        .fetch_one(connection)
        .await?;
    Ok(count)
}

pub(crate) async fn insert(
    connection: &dyn Connection,
    kind: &str,
    id: Uuid,
    new: &NewImport,
) -> Result<(), DataError> {
    sql("INSERT INTO csv_imports (id, kind, owner_id, name, context, mode, dry_run, status, delimiter, size_bytes, position_bytes, position_line, rows_read, rows_checked, rows_bad, rows_stored, attempts, claimed_until_us, created_us, changed_us)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'receiving', ?, 0, 0, 1, 0, 0, 0, 0, 0, 0, {now_us}, {now_us})")
        .bind(id)
        .bind(kind)
        .bind(&new.owner)
        .bind(&new.name)
        .bind(&new.context)
        .bind(new.mode.as_str())
        .bind(new.dry_run)
        .bind(new.delimiter.as_str())
        .execute(connection)
        .await
        .map(drop)
}

/// Stores a piece and shows the sweeper that the file still arrives. Returns `false` if the import
/// does not receive its file, because it was canceled or deleted.
pub(crate) async fn insert_piece(
    database: &Database,
    id: Uuid,
    number: u64,
    content: &[u8],
) -> Result<bool, DataError> {
    database
        .transaction(|tx| async move {
            // Update the row first: its lock prevents the deletion of the import until the piece is
            // committed.
            let kept = sql("UPDATE csv_imports SET changed_us = {now_us} WHERE id = ? AND status = 'receiving'")
                .bind(id)
                .execute(&tx)
                .await?;
            if kept.rows_affected() == 0 {
                return Ok(false);
            }
            sql("INSERT INTO csv_import_pieces (import_id, number, content) VALUES (?, ?, ?)")
                .bind(id)
                .bind(signed(number))
                .bind(content)
                .execute(&tx)
                .await?;
            Ok(true)
        })
        .await
}

/// Begins the check. Returns `false` if the import was canceled or deleted.
pub(crate) async fn received(
    connection: &dyn Connection,
    id: Uuid,
    size: u64,
) -> Result<bool, DataError> {
    let received = sql("UPDATE csv_imports SET status = 'checking', size_bytes = ?, changed_us = {now_us} WHERE id = ? AND status = 'receiving'")
        .bind(signed(size))
        .bind(id)
        .execute(connection)
        .await?;
    Ok(received.rows_affected() > 0)
}

pub(crate) async fn piece(
    connection: &dyn Connection,
    id: Uuid,
    number: u64,
) -> Result<Option<Vec<u8>>, DataError> {
    let piece: Option<(Vec<u8>,)> =
        sql("SELECT content FROM csv_import_pieces WHERE import_id = ? AND number = ?")
            .bind(id)
            .bind(signed(number))
            .fetch_optional(connection)
            .await?;
    Ok(piece.map(|(content,)| content))
}

pub(crate) async fn delete_pieces(connection: &dyn Connection, id: Uuid) -> Result<(), DataError> {
    sql("DELETE FROM csv_import_pieces WHERE import_id = ?")
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes an import with its file and report.
pub(crate) async fn delete(database: &Database, id: Uuid) -> Result<(), DataError> {
    database
        .transaction(|tx| async move {
            // Delete the row first, so that a running request or worker ends or waits.
            sql("DELETE FROM csv_imports WHERE id = ?")
                .bind(id)
                .execute(&tx)
                .await?;
            delete_pieces(&tx, id).await?;
            sql("DELETE FROM csv_import_bad_rows WHERE import_id = ?")
                .bind(id)
                .execute(&tx)
                .await
                .map(drop)
        })
        .await
}

pub(crate) async fn confirm(
    connection: &dyn Connection,
    id: Uuid,
    context: Option<&str>,
) -> Result<(), DataError> {
    sql("UPDATE csv_imports SET status = 'storing', context = COALESCE(?, context), position_bytes = 0, position_line = 1, rows_read = 0, attempts = 0, changed_us = {now_us} WHERE id = ? AND status = 'checked'")
        .bind(context)
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}

pub(crate) async fn cancel(database: &Database, id: Uuid) -> Result<(), DataError> {
    database
        .transaction(|tx| async move {
            let canceled = sql("UPDATE csv_imports SET status = 'canceled', claimed_by = NULL, changed_us = {now_us} WHERE id = ? AND status IN ('receiving', 'checking', 'checked', 'storing')")
                .bind(id)
                .execute(&tx)
                .await?;
            match canceled.rows_affected() {
                0 => Ok(()),
                _ => delete_pieces(&tx, id).await,
            }
        })
        .await
}

pub(crate) async fn undo(connection: &dyn Connection, id: Uuid) -> Result<(), DataError> {
    sql("UPDATE csv_imports SET status = 'undoing', position_bytes = 0, attempts = 0, claimed_by = NULL, claimed_until_us = 0, changed_us = {now_us} WHERE id = ? AND status IN ('done', 'failed', 'canceled') AND rows_stored > 0")
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}

/// The progress that a worker writes with each batch.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) id: Uuid,
    pub(crate) claim: Uuid,
    pub(crate) from: ImportStatus,
    pub(crate) to: ImportStatus,
    pub(crate) position: u64,
    pub(crate) line: u64,
    pub(crate) rows_read: u64,
    pub(crate) rows_checked: u64,
    pub(crate) rows_bad: u64,
    pub(crate) rows_stored: u64,
    pub(crate) failure: Option<ImportFailure>,
}

impl Progress {
    pub(crate) fn of(import: &CsvImport, claim: Uuid) -> Self {
        Self {
            id: import.id,
            claim,
            from: import.status,
            to: import.status,
            position: import.position,
            line: import.state.line,
            rows_read: import.state.rows_read,
            rows_checked: import.rows_checked,
            rows_bad: import.rows_bad,
            rows_stored: import.rows_stored,
            failure: None,
        }
    }

    pub(crate) fn fail(mut self, reason: &str, message: impl Into<String>) -> Self {
        self.to = ImportStatus::Failed;
        self.failure = Some(ImportFailure {
            reason: reason.to_owned(),
            message: message.into(),
        });
        self
    }

    /// Writes the progress and bad rows. Returns `false` if the import was canceled, or another
    /// worker has claimed it. Then the transaction must not be committed.
    pub(crate) async fn save(
        &self,
        tx: &Transaction,
        claim_ttl: Timeout,
        bad: &[(u64, Vec<BadRow>)],
    ) -> Result<bool, DataError> {
        let failure = self.failure.as_ref();
        let saved = sql("UPDATE csv_imports SET status = ?, position_bytes = ?, position_line = ?, rows_read = ?, rows_checked = ?, rows_bad = ?, rows_stored = ?, failure_reason = ?, failure_text = ?, attempts = 0, claimed_until_us = {now_us} + ?, changed_us = {now_us} WHERE id = ? AND claimed_by = ? AND status = ?")
            .bind(self.to.as_str())
            .bind(signed(self.position))
            .bind(signed(self.line))
            .bind(signed(self.rows_read))
            .bind(signed(self.rows_checked))
            .bind(signed(self.rows_bad))
            .bind(signed(self.rows_stored))
            .bind(failure.map(|failure| failure.reason.clone()))
            .bind(failure.map(|failure| failure.message.clone()))
            .bind(microseconds(claim_ttl.get()))
            .bind(self.id)
            .bind(self.claim)
            .bind(self.from.as_str())
            .execute(tx)
            .await?;
        if saved.rows_affected() == 0 {
            return Ok(false);
        }
        insert_bad_rows(tx, self.id, bad).await?;
        if self.to.is_final() {
            delete_pieces(tx, self.id).await?;
        }
        Ok(true)
    }
}

/// Inserts problems of rows, each with the number of the row in the file.
async fn insert_bad_rows(
    tx: &Transaction,
    id: Uuid,
    bad: &[(u64, Vec<BadRow>)],
) -> Result<(), DataError> {
    let values: Vec<[Value; 6]> = bad
        .iter()
        .flat_map(|(row, problems)| {
            let numbers = (row * MAX_PROBLEMS..).take(usize::try_from(MAX_PROBLEMS).unwrap_or(1));
            numbers.zip(problems).map(|(number, problem)| {
                [
                    id.into(),
                    signed(number).into(),
                    signed(problem.line).into(),
                    problem.column.clone().into(),
                    problem.value.clone().into(),
                    (&problem.message).into(),
                ]
            })
        })
        .collect();
    for values in values.chunks(MAX_BAD_ROWS) {
        sql("INSERT INTO csv_import_bad_rows (import_id, number, line, column_name, value_text, message) VALUES (?, ?, ?, ?, ?, ?)**")
            .bind_rows(values.to_vec())
            .execute(tx)
            .await?;
    }
    Ok(())
}

impl FromRow for BadRow {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let line: i64 = row.get("line")?;
        Ok(Self {
            line: u64::try_from(line).unwrap_or_default(),
            column: row.get("column_name")?,
            value: row.get("value_text")?,
            message: row.get("message")?,
        })
    }
}

pub(crate) async fn bad_rows(
    connection: &dyn Connection,
    id: Uuid,
    max_bad_rows: u32,
) -> Result<Vec<BadRow>, DataError> {
    sql("SELECT line, column_name, value_text, message FROM csv_import_bad_rows WHERE import_id = ? ORDER BY number LIMIT ?")
        .bind(id)
        .bind(signed(u64::from(max_bad_rows) * MAX_PROBLEMS))
        .fetch_all(connection)
        .await
}

/// Returns the numbers of all bad rows.
pub(crate) async fn bad_numbers(
    connection: &dyn Connection,
    id: Uuid,
) -> Result<Vec<u64>, DataError> {
    let numbers: Vec<(u64,)> =
        sql("SELECT DISTINCT number / ? FROM csv_import_bad_rows WHERE import_id = ?")
            .on_mysql("SELECT DISTINCT number DIV ? FROM csv_import_bad_rows WHERE import_id = ?")
            .bind(signed(MAX_PROBLEMS))
            .bind(id)
            .fetch_all(connection)
            .await?;
    Ok(numbers.into_iter().map(|(number,)| number).collect())
}
