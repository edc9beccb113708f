use city_events_contract::Timestamp;
use seaworthy::data::{Connection, DataError, FromRow, Row, Transaction, sql};
use uuid::Uuid;

use super::rows::status;
use crate::domain::{JoinStatus, StatusChange};

/// A status change that is not in the audit log.
#[derive(Debug)]
pub(crate) struct QueuedChange {
    pub(crate) id: i64,
    pub(crate) event: Uuid,
    pub(crate) user: Uuid,
    pub(crate) from: Option<JoinStatus>,
    pub(crate) to: JoinStatus,
    pub(crate) actor: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) at: Timestamp,
}

impl FromRow for QueuedChange {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let from: Option<String> = row.get("from_status")?;
        Ok(Self {
            id: row.get("id")?,
            event: row.get("event_id")?,
            user: row.get("user_id")?,
            from: from.as_deref().map(status).transpose()?,
            to: status(&row.get::<String>("to_status")?)?,
            actor: row.get("actor_id")?,
            request_id: row.get("request_id")?,
            at: row.get("happened_at")?,
        })
    }
}

/// Adds changes of joins of an event. There must be at least one.
pub(crate) async fn insert(
    tx: &Transaction,
    event: Uuid,
    changes: impl Iterator<Item = StatusChange<'_>>,
    request_id: Option<&str>,
) -> Result<(), DataError> {
    let rows = changes.map(|change| {
        [
            event.into(),
            change.user.into(),
            change.to.as_str().into(),
            change.from.map(JoinStatus::as_str).into(),
            change.actor.map(|actor| actor.to_string()).into(),
            request_id.map(str::to_owned).into(),
            change.at.get().into(),
        ]
    });
    sql("INSERT INTO join_audit_queue (event_id, user_id, to_status, from_status, actor_id, request_id, happened_at) VALUES (?, ?, ?, ?, ?, ?, ?)**")
        .bind_rows(rows)
        .execute(tx)
        .await
        .map(drop)
}

/// Reads the oldest changes.
pub(crate) async fn list_oldest(
    connection: &dyn Connection,
    max_changes: u32,
) -> Result<Vec<QueuedChange>, DataError> {
    sql("SELECT id, event_id, user_id, to_status, from_status, actor_id, request_id, happened_at FROM join_audit_queue ORDER BY id LIMIT ?")
        .bind(max_changes)
        .fetch_all(connection)
        .await
}

/// Deletes changes. Returns how many of them no other transaction has deleted.
pub(crate) async fn delete(tx: &Transaction, changes: &[QueuedChange]) -> Result<usize, DataError> {
    let done = sql("DELETE FROM join_audit_queue WHERE id IN (?*)")
        .bind_list(changes.iter().map(|change| change.id))
        .execute(tx)
        .await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}
