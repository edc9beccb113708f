//! The row that whoever changes places holds.

use city_events_contract::Moment;
use seaworthy::data::{Connection, DataError, Transaction, sql};
use uuid::Uuid;

use crate::domain::Places;

macro_rules! places_columns {
    () => {
        "event_id, capacity, active_count, waitlist_count, state, owner_id, ends_at, announced_at, joined_at, revision, updated_at"
    };
}

/// The places of an event, locked until the transaction ends. SQLite's has the lock for writing already.
pub(super) async fn lock(tx: &Transaction, event: Uuid) -> Result<Option<Places>, DataError> {
    sql(concat!(
        "SELECT ",
        places_columns!(),
        " FROM event_capacity WHERE event_id = ? FOR UPDATE"
    ))
    .on_sqlite(concat!(
        "SELECT ",
        places_columns!(),
        " FROM event_capacity WHERE event_id = ?"
    ))
    .bind(event)
    .fetch_optional(tx)
    .await
}

/// The places of an event as they are at this moment.
pub(super) async fn look(
    connection: &dyn Connection,
    event: Uuid,
) -> Result<Option<Places>, DataError> {
    sql(concat!(
        "SELECT ",
        places_columns!(),
        " FROM event_capacity WHERE event_id = ?"
    ))
    .bind(event)
    .fetch_optional(connection)
    .await
}

/// Lists events whose counts differ from those last published, after `event` in the order of their
/// IDs.
pub(super) async fn uncounted_after(
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

/// Whether the counts of an event differ from those last published. The caller holds the lock of
/// the row.
pub(super) async fn has_unpublished_count(
    tx: &Transaction,
    event: Uuid,
) -> Result<bool, DataError> {
    let found: Option<(Uuid,)> = sql(
        "SELECT event_id FROM event_capacity WHERE event_id = ? AND revision <> counted_revision",
    )
    .bind(event)
    .fetch_optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Remembers which counts were told.
pub(super) async fn counted(tx: &Transaction, places: &Places) -> Result<(), DataError> {
    sql("UPDATE event_capacity SET counted_revision = ? WHERE event_id = ?")
        .bind(places.revision)
        .bind(places.event)
        .execute(tx)
        .await
        .map(drop)
}

/// Writes what was decided, by whoever holds the row.
pub(super) async fn write(tx: &Transaction, places: &Places, now: Moment) -> Result<(), DataError> {
    sql("UPDATE event_capacity
         SET capacity = ?, active_count = ?, waitlist_count = ?, state = ?, owner_id = ?, ends_at = ?, announced_at = ?, joined_at = ?, revision = ?, updated_at = ?
         WHERE event_id = ?")
    .bind(places.capacity)
    .bind(places.active)
    .bind(places.waitlisted)
    .bind(places.state.as_str())
    .bind(places.owner.clone())
    .bind(places.ends_at.map(Moment::get))
    .bind(places.announced_at.get())
    .bind(places.joined_at.map(Moment::get))
    .bind(places.revision)
    .bind(now.get())
    .bind(places.event)
    .execute(tx)
    .await
    .map(drop)
}

/// Makes the row, if there is none.
pub(super) async fn make(tx: &Transaction, places: &Places) -> Result<(), DataError> {
    sql("INSERT INTO event_capacity (event_id, capacity, state, announced_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO event_capacity (event_id, capacity, state, announced_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(places.event)
        .bind(places.capacity)
        .bind(places.state.as_str())
        .bind(places.announced_at.get())
        .bind(places.updated_at.get())
        .bind(places.updated_at.get())
        .execute(tx)
        .await
        .map(drop)
}
