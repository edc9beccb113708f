//! Statements on journeys.

use seaworthy::data::prelude::*;

use crate::domain::EndReason;

statements! { statement: "SELECT id, active_session_id, trainer_id, student_id FROM journeys " }

/// The start of a journey, and whether it has ended. Its place is in the live store only.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct StoredJourney {
    pub(crate) id: Uuid,
    #[from_row(map = is_set, column = "active_session_id")]
    pub(crate) is_active: bool,
    pub(crate) trainer_id: Uuid,
    pub(crate) student_id: Uuid,
}

fn is_set(session: Option<Uuid>) -> bool {
    session.is_some()
}

/// Inserts an active journey. Returns `false` if the session has one.
pub(crate) async fn insert(
    tx: &Transaction,
    journey: StoredJourney,
    session: Uuid,
    started_at: DateTime<Utc>,
) -> DataResult<bool> {
    insert_or_ignore!("journeys (id, session_id, active_session_id, trainer_id, student_id, started_at) VALUES ({journey.id}, {session}, {session}, {journey.trainer_id}, {journey.student_id}, {started_at})")
        .changes(tx)
        .await
}

pub(crate) async fn by_id(
    connection: &dyn Connection,
    id: Uuid,
) -> DataResult<Option<StoredJourney>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns a journey, and locks the row until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<StoredJourney>> {
    statement!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

/// Returns the active journey of a session, and locks the row until the transaction ends.
pub(crate) async fn lock_active(
    tx: &Transaction,
    session: Uuid,
) -> DataResult<Option<StoredJourney>> {
    statement!(locked, "WHERE active_session_id = {session}")
        .fetch_optional(tx)
        .await
}

/// Returns the active journeys to cancelled sessions of an allocation, and locks the rows.
pub(crate) async fn lock_cancelled(
    tx: &Transaction,
    allocation: Uuid,
) -> DataResult<Vec<StoredJourney>> {
    statement!(locked, "WHERE active_session_id IN (SELECT s.id FROM tutoring_sessions s WHERE s.allocation_id = {allocation} AND s.status = 'cancelled')")
        .fetch_all(tx)
        .await
}

/// Ends an active journey.
pub(crate) async fn end(
    tx: &Transaction,
    id: Uuid,
    reason: EndReason,
    ended_at: DateTime<Utc>,
) -> DataResult<()> {
    sql!("UPDATE journeys SET active_session_id = NULL, ended_at = {ended_at}, end_reason = {reason.as_str()} WHERE id = {id} AND active_session_id IS NOT NULL")
        .apply(tx)
        .await
}

/// Stores that an ended journey is still in the live store.
pub(crate) async fn remove_live_later(
    tx: &Transaction,
    id: Uuid,
    at: DateTime<Utc>,
) -> DataResult<()> {
    sql!("UPDATE journeys SET remove_live_at = {at} WHERE id = {id}")
        .apply(tx)
        .await
}

/// Returns ended journeys that may be in the live store.
pub(crate) async fn ended_but_live(
    connection: &dyn Connection,
    limit: u32,
) -> DataResult<Vec<Uuid>> {
    sql!("SELECT id FROM journeys WHERE remove_live_at IS NOT NULL ORDER BY remove_live_at LIMIT {limit}")
        .fetch_all(connection)
        .await
}

/// Stores that an ended journey is not in the live store.
pub(crate) async fn set_removed(connection: &dyn Connection, id: Uuid) -> DataResult<()> {
    sql!("UPDATE journeys SET remove_live_at = NULL WHERE id = {id}")
        .apply(connection)
        .await
}

/// Returns active journeys whose session comes after another one, with their sessions in order.
pub(crate) async fn active_after(
    connection: &dyn Connection,
    session: Uuid,
    limit: u32,
) -> DataResult<Vec<(Uuid, Uuid)>> {
    sql!("SELECT id, active_session_id FROM journeys WHERE active_session_id > {session} ORDER BY active_session_id LIMIT {limit}")
        .fetch_all(connection)
        .await
}
