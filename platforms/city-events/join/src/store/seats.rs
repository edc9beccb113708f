//! The table `event_capacity`. Its row serializes all changes of an event's joins.

use city_events_contract::Timestamp;
use seaworthy::data::{Connection, DataError, Transaction, sql};
use uuid::Uuid;

use crate::domain::Seats;

macro_rules! seat_columns {
    () => {
        "event_id, capacity, active_count, waitlist_count, state, owner_id, ends_at, announced_at, joined_at, revision, updated_at"
    };
}

/// Reads the seats of an event and locks their row until the end of the transaction. On SQLite the
/// transaction holds the write lock of the database already.
pub(crate) async fn lock(tx: &Transaction, event: Uuid) -> Result<Option<Seats>, DataError> {
    sql(concat!(
        "SELECT ",
        seat_columns!(),
        " FROM event_capacity WHERE event_id = ? FOR UPDATE"
    ))
    .on_sqlite(concat!(
        "SELECT ",
        seat_columns!(),
        " FROM event_capacity WHERE event_id = ?"
    ))
    .bind(event)
    .fetch_optional(tx)
    .await
}

/// Reads the seats of events and locks their rows as [`lock`] does. It locks them in the order of
/// their IDs, so that transactions over several events do not deadlock.
pub(crate) async fn lock_all(
    tx: &Transaction,
    events: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Seats>, DataError> {
    sql(concat!(
        "SELECT ",
        seat_columns!(),
        " FROM event_capacity WHERE event_id IN (?*) ORDER BY event_id FOR UPDATE"
    ))
    .on_sqlite(concat!(
        "SELECT ",
        seat_columns!(),
        " FROM event_capacity WHERE event_id IN (?*)"
    ))
    .bind_list(events)
    .fetch_all(tx)
    .await
}

/// Reads the seats of an event without a lock.
pub(crate) async fn find(
    connection: &dyn Connection,
    event: Uuid,
) -> Result<Option<Seats>, DataError> {
    sql(concat!(
        "SELECT ",
        seat_columns!(),
        " FROM event_capacity WHERE event_id = ?"
    ))
    .bind(event)
    .fetch_optional(connection)
    .await
}

/// Lists events with unpublished counts, after `event` in the order of their IDs.
pub(crate) async fn list_unpublished_after(
    connection: &dyn Connection,
    event: Uuid,
    max_events: u32,
) -> Result<Vec<Uuid>, DataError> {
    let events: Vec<(Uuid,)> = sql(
        "SELECT event_id FROM event_capacity WHERE event_id > ? AND revision <> counted_revision ORDER BY event_id LIMIT ?",
    )
    .bind(event)
    .bind(max_events)
    .fetch_all(connection)
    .await?;
    Ok(events.into_iter().map(|(event,)| event).collect())
}

/// Returns whether the counts of an event differ from those last published. The caller holds the
/// lock of the row.
pub(crate) async fn has_unpublished_counts(
    tx: &Transaction,
    event: Uuid,
) -> Result<bool, DataError> {
    sql("SELECT event_id FROM event_capacity WHERE event_id = ? AND revision <> counted_revision")
        .bind(event)
        .exists(tx)
        .await
}

/// Records that the counts of this revision were published.
pub(crate) async fn set_published(tx: &Transaction, seats: &Seats) -> Result<(), DataError> {
    sql("UPDATE event_capacity SET counted_revision = ? WHERE event_id = ?")
        .bind(seats.revision)
        .bind(seats.event)
        .execute(tx)
        .await
        .map(drop)
}

/// Writes all columns. The caller holds the lock of the row.
pub(crate) async fn update(
    tx: &Transaction,
    seats: &Seats,
    now: Timestamp,
) -> Result<(), DataError> {
    sql("UPDATE event_capacity
         SET capacity = ?, active_count = ?, waitlist_count = ?, state = ?, owner_id = ?, ends_at = ?, announced_at = ?, joined_at = ?, revision = ?, updated_at = ?
         WHERE event_id = ?")
    .bind(seats.capacity)
    .bind(seats.active)
    .bind(seats.waitlisted)
    .bind(seats.state.as_str())
    .bind(seats.owner.clone())
    .bind(seats.ends_at.map(Timestamp::get))
    .bind(seats.announced_at.get())
    .bind(seats.joined_at.map(Timestamp::get))
    .bind(seats.revision)
    .bind(now.get())
    .bind(seats.event)
    .execute(tx)
    .await
    .map(drop)
}

/// Writes all columns of several events. The caller holds the locks of the rows.
pub(crate) async fn update_all(
    tx: &Transaction,
    changed: &[&Seats],
    now: Timestamp,
) -> Result<(), DataError> {
    for seats in changed {
        update(tx, seats, now).await?;
    }
    Ok(())
}

/// Inserts the row of a new event. Changes nothing if the row exists.
pub(crate) async fn insert_if_absent(tx: &Transaction, seats: &Seats) -> Result<(), DataError> {
    sql("INSERT INTO event_capacity (event_id, capacity, state, announced_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO event_capacity (event_id, capacity, state, announced_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(seats.event)
        .bind(seats.capacity)
        .bind(seats.state.as_str())
        .bind(seats.announced_at.get())
        .bind(seats.updated_at.get())
        .bind(seats.updated_at.get())
        .execute(tx)
        .await
        .map(drop)
}
