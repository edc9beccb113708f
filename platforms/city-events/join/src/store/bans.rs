//! The bans of an event.

use city_events_contract::Moment;
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

/// Writes a ban; another one of the same person is replaced.
pub(super) async fn write(
    tx: &Transaction,
    event: Uuid,
    user: Uuid,
    actor: Uuid,
    reason: &str,
    expires_at: Option<Moment>,
    now: Moment,
) -> Result<(), DataError> {
    remove(tx, event, user).await?;
    sql("INSERT INTO event_bans (event_id, user_id, actor_id, reason, expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(event)
        .bind(user)
        .bind(actor.to_string())
        .bind(reason)
        .bind(expires_at.map(Moment::get))
        .bind(now.get())
        .execute(tx)
        .await
        .map(drop)
}

/// Removes a ban; `false` where there was none.
pub(super) async fn remove(tx: &Transaction, event: Uuid, user: Uuid) -> Result<bool, DataError> {
    let done = sql("DELETE FROM event_bans WHERE event_id = ? AND user_id = ?")
        .bind(event)
        .bind(user)
        .execute(tx)
        .await?;
    Ok(done.rows_affected() > 0)
}
