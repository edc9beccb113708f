//! Statements on students and trainers with an allocation.

use seaworthy::data::prelude::*;

/// Connects a student and a trainer. Does nothing if they are connected.
pub(crate) async fn connect(tx: &Transaction, student: Uuid, trainer: Uuid) -> DataResult<()> {
    insert_or_ignore!(
        "contacts (student_id, trainer_id, created_at) VALUES ({student}, {trainer}, {Utc::now()})"
    )
    .apply(tx)
    .await
}

/// Whether two users have or had an allocation together.
pub(crate) async fn are_connected(
    connection: &dyn Connection,
    one: Uuid,
    other: Uuid,
) -> DataResult<bool> {
    sql!("SELECT student_id FROM contacts WHERE (student_id = {one} AND trainer_id = {other}) OR (student_id = {other} AND trainer_id = {one}) LIMIT 1")
        .exists(connection)
        .await
}
