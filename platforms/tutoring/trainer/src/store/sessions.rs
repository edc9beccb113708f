//! Statements on the sessions of trainers.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page, events::SessionSubstituted};
use tutoring_identity::paged;

/// A session that another trainer holds.
#[derive(Debug, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Substitution {
    session_id: Uuid,
    original_trainer_id: Uuid,
    substitute_trainer_id: Uuid,
    student_id: Uuid,
    #[from_row(column = "session_date")]
    date: String,
    time_slot: String,
}

/// Stores the last state of a session of a trainer: `completed` or `cancelled`, and whether it
/// started on time.
pub(crate) async fn finish(
    tx: &Transaction,
    (session, trainer): (Uuid, Uuid),
    status: &'static str,
    is_punctual: Option<bool>,
) -> DataResult<()> {
    sql!("DELETE FROM held_sessions WHERE id = {session}")
        .execute(tx)
        .await?;
    sql!("INSERT INTO held_sessions (id, trainer_id, status, is_punctual) VALUES ({session}, {trainer}, {status}, {is_punctual})")
        .apply(tx)
        .await
}

/// Returns the number of sessions of a trainer with this state.
pub(crate) async fn count(
    connection: &dyn Connection,
    trainer: Uuid,
    status: &'static str,
) -> DataResult<u64> {
    sql!("SELECT COUNT(*) FROM held_sessions WHERE trainer_id = {trainer} AND status = {status}")
        .fetch_one(connection)
        .await
}

/// Returns the share of sessions that started on time, in percent, of those whose start is
/// known. `None` without such sessions.
pub(crate) async fn punctuality(
    connection: &dyn Connection,
    trainer: Uuid,
) -> DataResult<Option<u64>> {
    let (known, punctual): (u64, u64) =
        sql!("SELECT COUNT(is_punctual), COUNT(CASE WHEN is_punctual = {true} THEN 1 END) FROM held_sessions WHERE trainer_id = {trainer}")
            .fetch_one(connection)
            .await?;
    Ok((punctual * 100).checked_div(known))
}

/// Stores who holds a session instead of the trainer of its allocation. The way back to that
/// trainer removes the substitution.
pub(crate) async fn substitute(tx: &Transaction, event: &SessionSubstituted) -> DataResult<()> {
    let session = event.session_id;
    let known: Option<Uuid> =
        sql!("SELECT original_trainer_id FROM substitutions WHERE session_id = {session}")
            .fetch_optional(tx)
            .await?;
    let original = known.unwrap_or(event.original_trainer_id);
    sql!("DELETE FROM substitutions WHERE session_id = {session}")
        .execute(tx)
        .await?;
    if original == event.substitute_trainer_id {
        return Ok(());
    }
    sql!("INSERT INTO substitutions (session_id, original_trainer_id, substitute_trainer_id, student_id, session_date, time_slot) VALUES ({session}, {original}, {event.substitute_trainer_id}, {event.student_id}, {event.date.to_string()}, {&event.time_slot})")
        .apply(tx)
        .await
}

/// Returns a page of the substitutions of a trainer in both directions, the latest date first.
pub(crate) async fn substitutions(
    connection: &dyn Connection,
    trainer: Uuid,
    page: CheckedPage,
) -> DataResult<Page<Substitution>> {
    paged!("SELECT session_id, original_trainer_id, substitute_trainer_id, student_id, session_date, time_slot FROM substitutions WHERE original_trainer_id = {trainer} OR substitute_trainer_id = {trainer}"; "ORDER BY session_date DESC, session_id", page)
        .fetch(connection)
        .await
}
