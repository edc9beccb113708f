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

/// Statements on the allocated trainers of students. Messages may arrive in any order. A late start
/// does not open an ended allocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allocations;

impl Allocations {
    /// Stores the trainer of a course. Replaces an older allocation. Returns false if the
    /// allocation has ended, or if the course has a newer one.
    pub(crate) async fn store(tx: &Transaction, given: Allocation) -> Result<bool, DataError> {
        let (ended,): (u64,) =
            sql("SELECT COUNT(*) FROM ended_allocations WHERE allocation_id = ?")
                .bind(given.id)
                .fetch_one(tx)
                .await?;
        if ended > 0 {
            return Ok(false);
        }
        sql("DELETE FROM allocated_trainers WHERE student_id = ? AND course_id = ? AND allocated_at <= ?")
            .bind(given.student)
            .bind(given.course)
            .bind(given.allocated_at)
            .execute(tx)
            .await?;
        let stored = sql("INSERT INTO allocated_trainers (student_id, course_id, allocation_id, trainer_id, allocated_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO allocated_trainers (student_id, course_id, allocation_id, trainer_id, allocated_at) VALUES (?, ?, ?, ?, ?)")
            .bind(given.student)
            .bind(given.course)
            .bind(given.id)
            .bind(given.trainer)
            .bind(given.allocated_at)
            .execute(tx)
            .await?;
        Ok(stored.rows_affected() > 0)
    }

    /// Ends an allocation, also if the message about its start arrives later.
    pub(crate) async fn end(
        tx: &Transaction,
        (student, allocation): (Uuid, Uuid),
        ended_at: DateTime<Utc>,
    ) -> Result<(), DataError> {
        sql("INSERT INTO ended_allocations (allocation_id, ended_at) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO ended_allocations (allocation_id, ended_at) VALUES (?, ?)")
            .bind(allocation)
            .bind(ended_at)
            .execute(tx)
            .await?;
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
