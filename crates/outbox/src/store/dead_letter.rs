use seaworthy_data::{Connection, DataError, Database, FromRow, Row, sql};
use serde::Serialize;

use super::{partition::PARTITIONS, state};

/// The maximum number of dead letters that one statement retries, so that it holds its locks
/// briefly.
const MAX_PAGE: u32 = 500;

/// A dead-lettered row, for an operator.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DeadLetter {
    pub(crate) sequence: i64,
    pub(crate) id: String,
    pub(crate) topic: String,
    pub(crate) key: Option<String>,
    pub(crate) event_type: String,
    pub(crate) attempts: i32,
    pub(crate) problem: Option<String>,
}

impl FromRow for DeadLetter {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            sequence: row.get("sequence")?,
            id: row.get("id")?,
            topic: row.get("topic")?,
            key: row.get("message_key")?,
            event_type: row.get("event_type")?,
            attempts: row.get("attempts")?,
            problem: row.get("last_error")?,
        })
    }
}

/// Returns the oldest dead letters, at most `limit`.
pub(crate) async fn list(
    connection: &dyn Connection,
    limit: u32,
) -> Result<Vec<DeadLetter>, DataError> {
    sql("SELECT sequence, id, topic, message_key, event_type, attempts, last_error FROM outbox WHERE state = ? ORDER BY sequence LIMIT ?")
        .bind(state::DEAD)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await
}

/// Makes a dead letter pending. Returns the number of changed rows, 0 or 1.
pub(crate) async fn retry(connection: &dyn Connection, sequence: i64) -> Result<u64, DataError> {
    retry_rows(connection, vec![sequence]).await
}

/// Makes all dead letters pending and returns their number. Each page is a separate transaction, so
/// that services can store and publish events during the run. Dead letters that are added during
/// the run may stay.
pub(crate) async fn retry_all(database: &Database) -> Result<u64, DataError> {
    let page = MAX_PAGE.min(database.config().max_rows.get());
    let mut retried = 0;
    for partition in 0..i32::from(PARTITIONS) {
        let mut after = 0;
        while let Some(done) = retry_page(database, partition, after, page).await? {
            retried += done.rows;
            after = done.last;
        }
    }
    Ok(retried)
}

/// The result of one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) rows: u64,
    /// The sequence of its last row.
    pub(super) last: i64,
}

/// Makes at most `limit` dead letters of a partition pending: the oldest ones after the sequence
/// `after`. Returns `None` if there are none.
pub(super) async fn retry_page(
    connection: &dyn Connection,
    partition: i32,
    after: i64,
    limit: u32,
) -> Result<Option<Page>, DataError> {
    let found: Vec<(i64,)> =
        sql("SELECT sequence FROM outbox WHERE partition_id = ? AND state = ? AND sequence > ? ORDER BY sequence LIMIT ?")
            .bind(partition)
            .bind(state::DEAD)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await?;
    let Some((last,)) = found.last().copied() else {
        return Ok(None);
    };
    let sequences = found.into_iter().map(|(sequence,)| sequence).collect();
    let rows = retry_rows(connection, sequences).await?;
    Ok(Some(Page { rows, last }))
}

async fn retry_rows(connection: &dyn Connection, sequences: Vec<i64>) -> Result<u64, DataError> {
    let done = sql("UPDATE outbox SET state = ?, attempts = 0, until_us = 0 WHERE state = ? AND sequence IN (?*)")
        .bind(state::PENDING)
        .bind(state::DEAD)
        .bind_list(sequences)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Deletes a dead letter. Returns the number of deleted rows, 0 or 1.
pub(crate) async fn discard(connection: &dyn Connection, sequence: i64) -> Result<u64, DataError> {
    let done = sql("DELETE FROM outbox WHERE state = ? AND sequence = ?")
        .bind(state::DEAD)
        .bind(sequence)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
