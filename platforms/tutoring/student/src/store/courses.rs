//! Statements on the courses of students. Each message changes its own columns, so that messages of
//! different topics may arrive in any order.

use seaworthy::data::prelude::*;
use seaworthy::prelude::{Deserialize, Serialize};
use serde_json::Value;
use tutoring_contract::events::{
    AllocationRejected, CourseAccessGranted, CourseProgressUpdated, SessionsGenerated,
    StudentDeallocated, TrainerAllocated,
};

/// More courses than a student buys.
const MAX_COURSES: u32 = 100;

/// A course that a student bought.
#[derive(Debug, Serialize, Deserialize, FromRow)]
pub(crate) struct MyCourse {
    pub(crate) course_id: Uuid,
    pub(crate) purchase_id: Option<Uuid>,
    pub(crate) purchase_tier: i32,
    pub(crate) is_ready: bool,
    pub(crate) metadata: Option<Value>,
    pub(crate) allocation_id: Option<Uuid>,
    pub(crate) trainer_id: Option<Uuid>,
    pub(crate) allocation_status: Option<String>,
    pub(crate) start_date: Option<String>,
    pub(crate) end_date: Option<String>,
    pub(crate) has_sessions: bool,
    pub(crate) completed_sessions: i32,
    pub(crate) total_sessions: i32,
    pub(crate) percentage: i32,
    pub(crate) last_completed_at: Option<String>,
    pub(crate) progress_version: i64,
}

/// Inserts a course that is not stored.
pub(crate) async fn ensure(tx: &Transaction, (student, course): (Uuid, Uuid)) -> DataResult<()> {
    insert_or_ignore!("my_courses (student_id, course_id, purchase_tier, is_ready, has_sessions, completed_sessions, total_sessions, percentage, progress_version)
         VALUES ({student}, {course}, 0, {false}, {false}, 0, 0, 0, 0)")
        .apply(tx)
        .await
}

/// Stores a purchase.
pub(crate) async fn grant(tx: &Transaction, event: &CourseAccessGranted) -> DataResult<()> {
    ensure(tx, (event.student_id, event.course_id)).await?;
    sql!("UPDATE my_courses SET purchase_id = {event.purchase_id}, metadata = {event.metadata.clone()} WHERE student_id = {event.student_id} AND course_id = {event.course_id}")
        .apply(tx)
        .await
}

/// Sets the number of paid sessions. Without any, the course is closed.
pub(crate) async fn set_tier(
    tx: &Transaction,
    (student, course): (Uuid, Uuid),
    sessions: i32,
) -> DataResult<()> {
    ensure(tx, (student, course)).await?;
    sql!("UPDATE my_courses SET purchase_tier = {sessions}, is_ready = {sessions > 0} WHERE student_id = {student} AND course_id = {course}")
        .apply(tx)
        .await
}

/// Stores an allocation, unless its end or a newer allocation was stored before.
pub(crate) async fn allocate(
    tx: &Transaction,
    event: &TrainerAllocated,
    at: DateTime<Utc>,
) -> DataResult<()> {
    ensure(tx, (event.student_id, event.course_id)).await?;
    let end = event.end_date.map(|date| date.to_string());
    sql!("UPDATE my_courses SET allocation_id = {event.allocation_id}, trainer_id = {event.trainer_id}, allocation_status = 'approved', start_date = {event.start_date.to_string()}, end_date = {end}, allocated_at = {at}
         WHERE student_id = {event.student_id} AND course_id = {event.course_id} AND (allocated_at IS NULL OR allocated_at <= {at})
         AND NOT (allocation_status IS NOT NULL AND allocation_status = 'cancelled' AND allocation_id = {event.allocation_id})")
        .apply(tx)
        .await
}

/// Stores the end of an allocation, unless the course has another one.
pub(crate) async fn deallocate(tx: &Transaction, event: &StudentDeallocated) -> DataResult<()> {
    ensure(tx, (event.student_id, event.course_id)).await?;
    sql!("UPDATE my_courses SET allocation_id = {event.allocation_id}, trainer_id = {event.trainer_id}, allocation_status = 'cancelled', has_sessions = {false}
         WHERE student_id = {event.student_id} AND course_id = {event.course_id} AND (allocation_id IS NULL OR allocation_id = {event.allocation_id})")
        .apply(tx)
        .await
}

/// Stores that an allocation was rejected, unless a newer allocation was stored before.
pub(crate) async fn reject(
    tx: &Transaction,
    event: &AllocationRejected,
    at: DateTime<Utc>,
) -> DataResult<()> {
    ensure(tx, (event.student_id, event.course_id)).await?;
    sql!("UPDATE my_courses SET allocation_id = {event.allocation_id}, trainer_id = NULL, allocation_status = 'rejected', has_sessions = {false}, allocated_at = {at}
         WHERE student_id = {event.student_id} AND course_id = {event.course_id} AND (allocated_at IS NULL OR allocated_at <= {at})")
        .apply(tx)
        .await
}

/// Stores that the sessions of an allocation exist, unless its end was stored before.
pub(crate) async fn set_sessions(tx: &Transaction, event: &SessionsGenerated) -> DataResult<()> {
    ensure(tx, (event.student_id, event.course_id)).await?;
    sql!("UPDATE my_courses SET has_sessions = {true} WHERE student_id = {event.student_id} AND course_id = {event.course_id}
         AND NOT (allocation_status IS NOT NULL AND allocation_status = 'cancelled' AND allocation_id = {event.allocation_id})")
        .apply(tx)
        .await
}

/// Stores the progress of a course. A lower number of sessions is an older message.
pub(crate) async fn progress(tx: &Transaction, event: &CourseProgressUpdated) -> DataResult<()> {
    ensure(tx, (event.student_id, event.course_id)).await?;
    let last = event.last_completed_at.map(|time| time.to_string());
    sql!("UPDATE my_courses SET completed_sessions = {event.completed_sessions}, total_sessions = {event.total_sessions}, percentage = {event.percentage}, last_completed_at = {last}, progress_version = progress_version + 1
         WHERE student_id = {event.student_id} AND course_id = {event.course_id} AND completed_sessions <= {event.completed_sessions}")
        .apply(tx)
        .await
}

/// Returns the courses of a student.
pub(crate) async fn of(connection: &dyn Connection, student: Uuid) -> DataResult<Vec<MyCourse>> {
    sql!("SELECT course_id, purchase_id, purchase_tier, is_ready, metadata, allocation_id, trainer_id, allocation_status, start_date, end_date, has_sessions, completed_sessions, total_sessions, percentage, last_completed_at, progress_version
         FROM my_courses WHERE student_id = {student} ORDER BY course_id LIMIT {MAX_COURSES}")
        .fetch_all(connection)
        .await
}
