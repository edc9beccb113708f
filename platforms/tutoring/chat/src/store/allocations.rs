use seaworthy::data::{
    Connection, DataError, Transaction,
    chrono::{DateTime, Utc},
    sql,
};
use uuid::Uuid;

/// An allocation of a trainer to a student.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allocation {
    pub(crate) id: Uuid,
    pub(crate) student: Uuid,
    pub(crate) course: Uuid,
    pub(crate) trainer: Uuid,
    pub(crate) allocated_at: DateTime<Utc>,
}

/// Statements on the allocated trainers of students.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allocations;

impl Allocations {
    /// Stores the trainer of a course. Replaces the previous one.
    pub(crate) async fn store(tx: &Transaction, given: Allocation) -> Result<(), DataError> {
        sql("DELETE FROM allocated_trainers WHERE student_id = ? AND course_id = ? AND allocated_at <= ?")
            .bind(given.student)
            .bind(given.course)
            .bind(given.allocated_at)
            .execute(tx)
            .await?;
        sql("INSERT INTO allocated_trainers (student_id, course_id, allocation_id, trainer_id, allocated_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO allocated_trainers (student_id, course_id, allocation_id, trainer_id, allocated_at) VALUES (?, ?, ?, ?, ?)")
            .bind(given.student)
            .bind(given.course)
            .bind(given.id)
            .bind(given.trainer)
            .bind(given.allocated_at)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Removes an allocation that was cancelled.
    pub(crate) async fn remove(
        tx: &Transaction,
        student: Uuid,
        allocation: Uuid,
    ) -> Result<(), DataError> {
        sql("DELETE FROM allocated_trainers WHERE student_id = ? AND allocation_id = ?")
            .bind(student)
            .bind(allocation)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Returns the trainer of a student's course. Without a course, the trainer who was allocated
    /// last.
    pub(crate) async fn trainer_of(
        connection: &dyn Connection,
        student: Uuid,
        course: Option<Uuid>,
    ) -> Result<Option<Uuid>, DataError> {
        let found = match course {
            Some(course) => {
                sql("SELECT trainer_id FROM allocated_trainers WHERE student_id = ? AND course_id = ?")
                    .bind(student)
                    .bind(course)
            }
            None => {
                sql("SELECT trainer_id FROM allocated_trainers WHERE student_id = ? ORDER BY allocated_at DESC, allocation_id DESC LIMIT 1")
                    .bind(student)
            }
        };
        let found: Option<(Uuid,)> = found.fetch_optional(connection).await?;
        Ok(found.map(|(trainer,)| trainer))
    }
}
