use city_events_contract::Timestamp;
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

use crate::domain::Ban;

/// Inserts a ban, or replaces the one of the same user and event.
pub(crate) async fn upsert(
    tx: &Transaction,
    event: Uuid,
    user: Uuid,
    actor: Uuid,
    reason: &str,
    ban: &Ban,
    now: Timestamp,
) -> Result<(), DataError> {
    delete(tx, event, user).await?;
    sql("INSERT INTO event_bans (event_id, user_id, actor_id, reason, expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(event)
        .bind(user)
        .bind(actor.to_string())
        .bind(reason)
        .bind(ban.expires_at.map(Timestamp::get))
        .bind(now.get())
        .execute(tx)
        .await
        .map(drop)
}

/// Deletes a ban. Returns `false` if there was none.
pub(crate) async fn delete(tx: &Transaction, event: Uuid, user: Uuid) -> Result<bool, DataError> {
    let done = sql("DELETE FROM event_bans WHERE event_id = ? AND user_id = ?")
        .bind(event)
        .bind(user)
        .execute(tx)
        .await?;
    Ok(done.rows_affected() > 0)
}
