use seaworthy_data::{Connection, DataError, FromRow, Row, sql};
use serde::Serialize;

use super::state;

/// A row that is set aside, for people.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Parked {
    pub(crate) sequence: i64,
    pub(crate) id: String,
    pub(crate) topic: String,
    pub(crate) key: Option<String>,
    pub(crate) event_type: String,
    pub(crate) attempts: i32,
    pub(crate) problem: Option<String>,
}

impl FromRow for Parked {
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

/// The oldest rows that are set aside.
pub(crate) async fn list(connection: &dyn Connection, most: u32) -> Result<Vec<Parked>, DataError> {
    sql("SELECT sequence, id, topic, message_key, event_type, attempts, last_error FROM outbox WHERE state = ? ORDER BY sequence LIMIT ?")
        .bind(state::PARKED)
        .bind(i64::from(most))
        .fetch_all(connection)
        .await
}

/// Lets the relays try a row again, or all of them; tells how many there were.
pub(crate) async fn release(
    connection: &dyn Connection,
    sequence: Option<i64>,
) -> Result<u64, DataError> {
    let done = match sequence {
        Some(sequence) => {
            sql("UPDATE outbox SET state = ?, attempts = 0, until_us = 0 WHERE state = ? AND sequence = ?")
                .bind(state::FREE)
                .bind(state::PARKED)
                .bind(sequence)
        }
        None => sql("UPDATE outbox SET state = ?, attempts = 0, until_us = 0 WHERE state = ?")
            .bind(state::FREE)
            .bind(state::PARKED),
    };
    Ok(done.execute(connection).await?.rows_affected())
}

/// Removes a row that is set aside.
pub(crate) async fn discard(connection: &dyn Connection, sequence: i64) -> Result<u64, DataError> {
    let done = sql("DELETE FROM outbox WHERE state = ? AND sequence = ?")
        .bind(state::PARKED)
        .bind(sequence)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
