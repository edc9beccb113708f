//! Statements on the sessions of students.

use seaworthy::data::prelude::*;
use seaworthy::prelude::{Deserialize, Serialize};
use tutoring_contract::events::SessionsGenerated;

/// More sessions than a student has.
const MAX_SESSIONS: u32 = 1_000;

/// A session of a student, also in responses.
#[derive(Debug, Serialize, Deserialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MySession {
    pub(crate) id: Uuid,
    pub(crate) course_id: Option<Uuid>,
    trainer_id: Option<Uuid>,
    pub(crate) session_number: Option<i32>,
    pub(crate) scheduled_date: Option<String>,
    pub(crate) time_slot: Option<String>,
    pub(crate) status: String,
}

/// Inserts a session that is not stored.
pub(crate) async fn ensure(tx: &Transaction, student: Uuid, id: Uuid) -> DataResult<()> {
    insert_or_ignore!("my_sessions (id, student_id, status) VALUES ({id}, {student}, 'scheduled')")
        .apply(tx)
        .await
}

/// Stores the generated sessions of a course in order. A message about one of them may have
/// arrived before.
pub(crate) async fn generate(tx: &Transaction, event: &SessionsGenerated) -> DataResult<()> {
    for (number, id) in (1_i32..).zip(&event.session_ids) {
        ensure(tx, event.student_id, *id).await?;
        sql!("UPDATE my_sessions SET course_id = {event.course_id}, trainer_id = COALESCE(trainer_id, {event.trainer_id}), session_number = {number} WHERE id = {*id}")
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Stores the last state of a session.
pub(crate) async fn finish(
    tx: &Transaction,
    student: Uuid,
    id: Uuid,
    status: &'static str,
) -> DataResult<()> {
    ensure(tx, student, id).await?;
    sql!("UPDATE my_sessions SET status = {status} WHERE id = {id}")
        .apply(tx)
        .await
}

/// Stores another date and slot, or another trainer. An older change is a no-op.
pub(crate) async fn change(
    tx: &Transaction,
    (student, id): (Uuid, Uuid),
    trainer: Uuid,
    (date, slot): (String, String),
    at: DateTime<Utc>,
) -> DataResult<()> {
    ensure(tx, student, id).await?;
    sql!("UPDATE my_sessions SET trainer_id = {trainer}, scheduled_date = {date}, time_slot = {slot}, changed_at = {at} WHERE id = {id} AND (changed_at IS NULL OR changed_at <= {at})")
        .apply(tx)
        .await
}

/// Stores the first date and slot of a session, unless a change was stored earlier.
pub(crate) async fn plan(
    tx: &Transaction,
    student: Uuid,
    id: Uuid,
    (date, slot): (&str, &str),
) -> DataResult<()> {
    sql!("UPDATE my_sessions SET scheduled_date = {date}, time_slot = {slot} WHERE id = {id} AND student_id = {student} AND scheduled_date IS NULL")
        .apply(tx)
        .await
}

/// Returns the sessions of a student in order.
pub(crate) async fn of(connection: &dyn Connection, student: Uuid) -> DataResult<Vec<MySession>> {
    sql!("SELECT id, course_id, trainer_id, session_number, scheduled_date, time_slot, status FROM my_sessions
         WHERE student_id = {student} ORDER BY session_number, id LIMIT {MAX_SESSIONS}")
        .fetch_all(connection)
        .await
}
