use seaworthy::data::{Connection, DataError, Transaction, sql};
use tutoring_identity::insert_or_ignore;
use uuid::Uuid;

/// An allocation, from a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AllocationCopy {
    pub(crate) id: Uuid,
    pub(crate) student: Uuid,
    pub(crate) trainer: Uuid,
    pub(crate) course: Uuid,
}

/// Statements on the trainers of students. Messages may arrive in any order, and an ended allocation
/// stays ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trainers;

impl Trainers {
    async fn ensure(tx: &Transaction, allocation: &AllocationCopy) -> Result<(), DataError> {
        insert_or_ignore!("student_trainers (allocation_id, student_id, trainer_id, course_id, is_ended) VALUES (?, ?, ?, ?, ?)")
            .bind(allocation.id)
            .bind(allocation.student)
            .bind(allocation.trainer)
            .bind(allocation.course)
            .bind(false)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores the trainer of an allocation.
    pub(crate) async fn allocate(
        tx: &Transaction,
        allocation: &AllocationCopy,
    ) -> Result<(), DataError> {
        Self::ensure(tx, allocation).await?;
        sql("UPDATE student_trainers SET trainer_id = ? WHERE allocation_id = ?")
            .bind(allocation.trainer)
            .bind(allocation.id)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores the end of an allocation.
    pub(crate) async fn end(
        tx: &Transaction,
        allocation: &AllocationCopy,
    ) -> Result<(), DataError> {
        Self::ensure(tx, allocation).await?;
        sql("UPDATE student_trainers SET is_ended = ? WHERE allocation_id = ?")
            .bind(true)
            .bind(allocation.id)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Whether a trainer has a student in a course.
    pub(crate) async fn teaches(
        connection: &dyn Connection,
        trainer: Uuid,
        student: Uuid,
        course: Uuid,
    ) -> Result<bool, DataError> {
        let (count,): (u64,) = sql("SELECT COUNT(*) FROM student_trainers WHERE trainer_id = ? AND student_id = ? AND course_id = ? AND is_ended = ?")
            .bind(trainer)
            .bind(student)
            .bind(course)
            .bind(false)
            .fetch_one(connection)
            .await?;
        Ok(count > 0)
    }

    /// Whether a trainer has a student in any course.
    pub(crate) async fn teaches_student(
        connection: &dyn Connection,
        trainer: Uuid,
        student: Uuid,
    ) -> Result<bool, DataError> {
        let (count,): (u64,) = sql("SELECT COUNT(*) FROM student_trainers WHERE trainer_id = ? AND student_id = ? AND is_ended = ?")
            .bind(trainer)
            .bind(student)
            .bind(false)
            .fetch_one(connection)
            .await?;
        Ok(count > 0)
    }

    /// Whether a trainer has any student in a course.
    pub(crate) async fn teaches_course(
        connection: &dyn Connection,
        trainer: Uuid,
        course: Uuid,
    ) -> Result<bool, DataError> {
        let (count,): (u64,) = sql("SELECT COUNT(*) FROM student_trainers WHERE trainer_id = ? AND course_id = ? AND is_ended = ?")
            .bind(trainer)
            .bind(course)
            .bind(false)
            .fetch_one(connection)
            .await?;
        Ok(count > 0)
    }
}
