use seaworthy::data::{Connection, DataError, Transaction, chrono::Utc, sql};
use tutoring_identity::insert_or_ignore;
use uuid::Uuid;

/// Statements on students and trainers with an allocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contacts;

impl Contacts {
    /// Connects a student and a trainer. A known pair is a no-op.
    pub(crate) async fn connect(
        tx: &Transaction,
        student: Uuid,
        trainer: Uuid,
    ) -> Result<(), DataError> {
        insert_or_ignore!("contacts (student_id, trainer_id, created_at) VALUES (?, ?, ?)")
            .bind(student)
            .bind(trainer)
            .bind(Utc::now())
            .execute(tx)
            .await
            .map(drop)
    }

    /// Whether two users have or had an allocation together.
    pub(crate) async fn are_connected(
        connection: &dyn Connection,
        one: Uuid,
        other: Uuid,
    ) -> Result<bool, DataError> {
        let (count,): (u64,) = sql("SELECT COUNT(*) FROM contacts WHERE (student_id = ? AND trainer_id = ?) OR (student_id = ? AND trainer_id = ?)")
            .bind(one)
            .bind(other)
            .bind(other)
            .bind(one)
            .fetch_one(connection)
            .await?;
        Ok(count > 0)
    }
}
