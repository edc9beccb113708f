//! Statements on the allocated trainers of students. Messages may arrive in any order. A late start
//! does not open an ended allocation.

use seaworthy::{
    data::{self, Database, chrono::TimeDelta, prelude::*},
    prelude::Worker,
};

/// Retention of ended allocations. The broker repeats messages within days, and operators replay
/// dead letters within weeks.
const RETENTION: TimeDelta = TimeDelta::days(30);

/// An allocation of a trainer to a student.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allocation {
    pub(crate) id: Uuid,
    pub(crate) student: Uuid,
    pub(crate) course: Uuid,
    pub(crate) trainer: Uuid,
    pub(crate) allocated_at: DateTime<Utc>,
}

/// Stores the trainer of a course. Replaces an older allocation. Returns false if the
/// allocation has ended, or if the course has a newer one.
pub(crate) async fn store(tx: &Transaction, given: Allocation) -> DataResult<bool> {
    let ended: u64 =
        sql!("SELECT COUNT(*) FROM ended_allocations WHERE allocation_id = {given.id}")
            .fetch_one(tx)
            .await?;
    if ended > 0 {
        return Ok(false);
    }
    sql!("DELETE FROM allocated_trainers WHERE student_id = {given.student} AND course_id = {given.course} AND allocated_at <= {given.allocated_at}")
        .execute(tx)
        .await?;
    insert_or_ignore!("allocated_trainers (student_id, course_id, allocation_id, trainer_id, allocated_at) VALUES ({given.student}, {given.course}, {given.id}, {given.trainer}, {given.allocated_at})")
        .changes(tx)
        .await
}

/// Ends an allocation, also if the message about its start arrives later.
pub(crate) async fn end(
    tx: &Transaction,
    (student, allocation): (Uuid, Uuid),
    ended_at: DateTime<Utc>,
) -> DataResult<()> {
    insert_or_ignore!(
        "ended_allocations (allocation_id, ended_at) VALUES ({allocation}, {ended_at})"
    )
    .execute(tx)
    .await?;
    sql!("DELETE FROM allocated_trainers WHERE student_id = {student} AND allocation_id = {allocation}")
        .apply(tx)
        .await
}

/// Returns the worker that deletes old ends. It may run on every replica.
pub(crate) fn purge_worker(database: &Database) -> Worker {
    let name = "purge ended allocations";
    data::purge_worker(name, database, async |database: Database| {
        sql("DELETE FROM ended_allocations WHERE allocation_id IN (SELECT allocation_id FROM ended_allocations WHERE ended_at < ? LIMIT ?)")
            .on_mysql("DELETE FROM ended_allocations WHERE ended_at < ? LIMIT ?")
            .bind(Utc::now() - RETENTION)
            .delete_page(&database)
            .await
    })
}

/// Returns the trainer of a student's course. Without a course, the trainer who was allocated
/// last.
pub(crate) async fn trainer_of(
    connection: &dyn Connection,
    student: Uuid,
    course: Option<Uuid>,
) -> DataResult<Option<Uuid>> {
    let found = match course {
        Some(course) => {
            sql!(
                "SELECT trainer_id FROM allocated_trainers WHERE student_id = {student} AND course_id = {course}"
            )
        }
        None => {
            sql!(
                "SELECT trainer_id FROM allocated_trainers WHERE student_id = {student} ORDER BY allocated_at DESC, allocation_id DESC LIMIT 1"
            )
        }
    };
    found.fetch_optional(connection).await
}
