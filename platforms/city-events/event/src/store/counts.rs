//! How many take part, as the join service tells it. Each function is called in the transaction that remembers the message.

use city_events_contract::messages::SeatCounts;
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

/// Takes the whole count, unless a later one was taken before. An event that is canceled has nobody, and one that is not here is not counted.
pub(crate) async fn take(
    tx: &Transaction,
    event: Uuid,
    seats: SeatCounts,
) -> Result<(), DataError> {
    sql("INSERT INTO event_counts (event_id, revision) VALUES (?, 0) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO event_counts (event_id, revision) VALUES (?, 0)")
        .bind(event)
        .execute(tx)
        .await?;
    let newer = sql("UPDATE event_counts SET revision = ? WHERE event_id = ? AND revision < ?")
        .bind(seats.revision)
        .bind(event)
        .bind(seats.revision)
        .execute(tx)
        .await?;
    if newer.rows_affected() == 0 {
        return Ok(());
    }
    sql("UPDATE events SET active_participants = ? WHERE id = ? AND status <> 'canceled'")
        .bind(i32::try_from(seats.active).unwrap_or(i32::MAX))
        .bind(event)
        .execute(tx)
        .await
        .map(drop)
}

/// Counts one more or one less, for messages of earlier services, which do not tell the whole.
pub(crate) async fn change(tx: &Transaction, event: Uuid, by: i32) -> Result<(), DataError> {
    sql("UPDATE events SET active_participants = CASE WHEN active_participants + ? < 0 THEN 0 ELSE active_participants + ? END WHERE id = ? AND status <> 'canceled'")
        .bind(by)
        .bind(by)
        .bind(event)
        .execute(tx)
        .await
        .map(drop)
}
