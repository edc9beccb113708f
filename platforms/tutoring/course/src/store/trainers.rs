//! Statements on the trainers of students. Messages may arrive in any order, and an ended allocation
//! stays ended.

use seaworthy::data::prelude::*;
use uuid::Uuid;

/// An allocation, from a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AllocationCopy {
    pub(crate) id: Uuid,
    pub(crate) student: Uuid,
    pub(crate) trainer: Uuid,
    pub(crate) course: Uuid,
}

async fn ensure(tx: &Transaction, allocation: &AllocationCopy) -> DataResult<()> {
    insert_or_ignore!("student_trainers (allocation_id, student_id, trainer_id, course_id, is_ended) VALUES ({allocation.id}, {allocation.student}, {allocation.trainer}, {allocation.course}, {false})")
        .apply(tx)
        .await
}

/// Stores the trainer of an allocation.
pub(crate) async fn allocate(tx: &Transaction, allocation: &AllocationCopy) -> DataResult<()> {
    ensure(tx, allocation).await?;
    sql!("UPDATE student_trainers SET trainer_id = {allocation.trainer} WHERE allocation_id = {allocation.id}")
        .apply(tx)
        .await
}

/// Stores the end of an allocation.
pub(crate) async fn end(tx: &Transaction, allocation: &AllocationCopy) -> DataResult<()> {
    ensure(tx, allocation).await?;
    sql!("UPDATE student_trainers SET is_ended = {true} WHERE allocation_id = {allocation.id}")
        .apply(tx)
        .await
}

/// Whether a trainer has a student in a course.
pub(crate) async fn teaches(
    connection: &dyn Connection,
    trainer: Uuid,
    student: Uuid,
    course: Uuid,
) -> DataResult<bool> {
    let count: u64 = sql!("SELECT COUNT(*) FROM student_trainers WHERE trainer_id = {trainer} AND student_id = {student} AND course_id = {course} AND is_ended = {false}")
        .fetch_one(connection)
        .await?;
    Ok(count > 0)
}

/// Whether a trainer has a student in any course.
pub(crate) async fn teaches_student(
    connection: &dyn Connection,
    trainer: Uuid,
    student: Uuid,
) -> DataResult<bool> {
    let count: u64 = sql!("SELECT COUNT(*) FROM student_trainers WHERE trainer_id = {trainer} AND student_id = {student} AND is_ended = {false}")
        .fetch_one(connection)
        .await?;
    Ok(count > 0)
}

/// Whether a trainer has any student in a course.
pub(crate) async fn teaches_course(
    connection: &dyn Connection,
    trainer: Uuid,
    course: Uuid,
) -> DataResult<bool> {
    let count: u64 = sql!("SELECT COUNT(*) FROM student_trainers WHERE trainer_id = {trainer} AND course_id = {course} AND is_ended = {false}")
        .fetch_one(connection)
        .await?;
    Ok(count > 0)
}
