//! Statements on the trainers of students. Messages may arrive in any order, and an ended
//! allocation stays ended.

use seaworthy::data::prelude::*;

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

/// Whether a trainer has a student in a course. `None` means any student or any course.
pub(crate) async fn teaches(
    connection: &dyn Connection,
    trainer: Uuid,
    student: Option<Uuid>,
    course: Option<Uuid>,
) -> DataResult<bool> {
    let (any_student, student) = (i64::from(student.is_none()), student.unwrap_or_default());
    let (any_course, course) = (i64::from(course.is_none()), course.unwrap_or_default());
    sql!("SELECT allocation_id FROM student_trainers WHERE trainer_id = {trainer} AND ({any_student} = 1 OR student_id = {student}) AND ({any_course} = 1 OR course_id = {course}) AND is_ended = {false} LIMIT 1")
        .exists(connection)
        .await
}
