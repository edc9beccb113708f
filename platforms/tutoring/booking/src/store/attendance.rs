//! Statements on attendance.

use seaworthy::data::prelude::*;

/// Returns the recorded attendance of a session.
pub(crate) async fn status_of(
    connection: &dyn Connection,
    session: Uuid,
) -> DataResult<Option<String>> {
    sql!("SELECT status FROM attendance WHERE session_id = {session}")
        .fetch_optional(connection)
        .await
}

/// Stores whether a session took place. A later record replaces it.
pub(crate) async fn store(
    tx: &Transaction,
    session: Uuid,
    status: &str,
    notes: Option<&str>,
    recorded_by: Uuid,
) -> DataResult<()> {
    sql!("DELETE FROM attendance WHERE session_id = {session}")
        .execute(tx)
        .await?;
    sql!("INSERT INTO attendance (session_id, status, notes, recorded_by, recorded_at) VALUES ({session}, {status}, {notes}, {recorded_by}, {Utc::now()})")
        .apply(tx)
        .await
}
