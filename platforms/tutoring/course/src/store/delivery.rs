//! Statements on held sessions and certificates.

use seaworthy::data::prelude::*;

use super::Purchase;

/// Records a held session. Returns `false` if it is known.
pub(crate) async fn add(
    tx: &Transaction,
    purchase: Uuid,
    session: Uuid,
    completed_at: DateTime<Utc>,
) -> DataResult<bool> {
    insert_or_ignore!("delivered_sessions (purchase_id, tutoring_session_id, completed_at) VALUES ({purchase}, {session}, {completed_at})")
    .changes(tx)
    .await
}

/// Returns the number of held sessions, and the time of the last one.
pub(crate) async fn progress(
    connection: &dyn Connection,
    purchase: Uuid,
) -> DataResult<(u16, Option<DateTime<Utc>>)> {
    let count: u16 = sql!("SELECT COUNT(*) FROM delivered_sessions WHERE purchase_id = {purchase}")
        .fetch_one(connection)
        .await?;
    let last: Option<DateTime<Utc>> = sql!("SELECT completed_at FROM delivered_sessions WHERE purchase_id = {purchase} ORDER BY completed_at DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    Ok((count, last))
}

/// Issues the certificate of a purchase. Returns `false` if it has one.
pub(crate) async fn issue(
    tx: &Transaction,
    id: Uuid,
    number: &str,
    purchase: &Purchase,
) -> DataResult<bool> {
    insert_or_ignore!("certificates (id, certificate_number, purchase_id, student_id, course_id, issued_at) VALUES ({id}, {number}, {purchase.id}, {purchase.student_id}, {purchase.course_id}, {Utc::now()})")
        .changes(tx)
        .await
}
