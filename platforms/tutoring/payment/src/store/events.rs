//! Statements on handled webhooks.

use seaworthy::data::prelude::*;

/// Records a webhook. Returns `false` if it is already recorded.
pub(crate) async fn insert(
    tx: &Transaction,
    id: &str,
    body_hash: &str,
    event_type: &str,
) -> DataResult<bool> {
    insert_or_ignore!("payment_events (provider_event_id, body_hash, event_type, created_at) VALUES ({id}, {body_hash}, {event_type}, {Utc::now()})")
        .changes(tx)
        .await
}

/// Deletes a batch of old webhooks. Returns whether there may be more.
pub(crate) async fn purge(
    connection: &dyn Connection,
    before: DateTime<Utc>,
    limit: u32,
) -> DataResult<bool> {
    let deleted = sql("DELETE FROM payment_events WHERE provider_event_id IN (SELECT provider_event_id FROM payment_events WHERE created_at < ? LIMIT ?)")
        .on_mysql("DELETE FROM payment_events WHERE created_at < ? LIMIT ?")
        .bind(before)
        .bind(limit)
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() == u64::from(limit))
}
