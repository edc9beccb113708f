//! Participant counts from messages of the join service. The caller passes the transaction of the
//! inbox.

use city_events_contract::messages::SeatCounts;
use seaworthy::data::{Connection as _, DataError, Engine, Transaction, sql};
use uuid::Uuid;

/// Sets the participant count, unless a later revision is stored. For a canceled or unknown event
/// the count does not change.
pub(crate) async fn set(tx: &Transaction, event: Uuid, seats: SeatCounts) -> Result<(), DataError> {
    let count = i32::try_from(seats.active).unwrap_or(i32::MAX);
    if tx.engine() == Engine::Postgres {
        return sql("WITH newer AS (
                INSERT INTO event_counts (event_id, revision) VALUES (?, ?)
                ON CONFLICT (event_id) DO UPDATE SET revision = excluded.revision WHERE event_counts.revision < excluded.revision
                RETURNING event_id
            ) UPDATE events SET active_participants = ? FROM newer WHERE events.id = newer.event_id AND events.status <> 'canceled'")
            .bind(event)
            .bind(seats.revision)
            .bind(count)
            .execute(tx)
            .await
            .map(drop);
    }
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
        .bind(count)
        .bind(event)
        .execute(tx)
        .await
        .map(drop)
}

/// Adds a difference to the participant count, which stays at least 0. The legacy service sends no
/// whole count.
pub(crate) async fn adjust(
    tx: &Transaction,
    event: Uuid,
    difference: i32,
) -> Result<(), DataError> {
    sql("UPDATE events SET active_participants = CASE WHEN active_participants + ? < 0 THEN 0 ELSE active_participants + ? END WHERE id = ? AND status <> 'canceled'")
        .bind(difference)
        .bind(difference)
        .bind(event)
        .execute(tx)
        .await
        .map(drop)
}
