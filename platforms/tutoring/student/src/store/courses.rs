use seaworthy::data::{
    Connection, DataError, FromRow, Row, Transaction,
    chrono::{DateTime, Utc},
    sql,
};
use seaworthy::prelude::{Deserialize, Serialize};
use serde_json::Value;
use tutoring_identity::insert_or_ignore;
use uuid::Uuid;

/// More courses than a student buys, and the sessions of three packages.
const MAX_COURSES: u32 = 100;
const MAX_SESSIONS: u32 = 1_000;

/// A course that a student bought.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MyCourse {
    pub(crate) course: Uuid,
    pub(crate) purchase: Option<Uuid>,
    pub(crate) tier: i32,
    pub(crate) is_ready: bool,
    pub(crate) metadata: Option<Value>,
    pub(crate) allocation: Option<Uuid>,
    pub(crate) trainer: Option<Uuid>,
    pub(crate) allocation_status: Option<String>,
    pub(crate) start_date: Option<String>,
    pub(crate) end_date: Option<String>,
    pub(crate) has_sessions: bool,
    pub(crate) completed: i32,
    pub(crate) total: i32,
    pub(crate) percentage: i32,
    pub(crate) last_completed_at: Option<String>,
    pub(crate) progress_version: i64,
}

impl FromRow for MyCourse {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            course: row.get("course_id")?,
            purchase: row.get("purchase_id")?,
            tier: row.get("purchase_tier")?,
            is_ready: row.get("is_ready")?,
            metadata: row.get("metadata")?,
            allocation: row.get("allocation_id")?,
            trainer: row.get("trainer_id")?,
            allocation_status: row.get("allocation_status")?,
            start_date: row.get("start_date")?,
            end_date: row.get("end_date")?,
            has_sessions: row.get("has_sessions")?,
            completed: row.get("completed_sessions")?,
            total: row.get("total_sessions")?,
            percentage: row.get("percentage")?,
            last_completed_at: row.get("last_completed_at")?,
            progress_version: row.get("progress_version")?,
        })
    }
}

/// Statements on the courses of students. Each message changes its own columns, so that messages of
/// different topics may arrive in any order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MyCourses;

impl MyCourses {
    /// Inserts a course that is not stored.
    pub(crate) async fn ensure(
        tx: &Transaction,
        (student, course): (Uuid, Uuid),
    ) -> Result<(), DataError> {
        insert_or_ignore!("my_courses (student_id, course_id, purchase_tier, is_ready, has_sessions, completed_sessions, total_sessions, percentage, progress_version)
             VALUES (?, ?, 0, ?, ?, 0, 0, 0, 0)")
            .bind(student)
            .bind(course)
            .bind(false)
            .bind(false)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores a purchase.
    pub(crate) async fn grant(
        tx: &Transaction,
        (student, course): (Uuid, Uuid),
        purchase: Uuid,
        metadata: &Value,
    ) -> Result<(), DataError> {
        Self::ensure(tx, (student, course)).await?;
        sql("UPDATE my_courses SET purchase_id = ?, metadata = ? WHERE student_id = ? AND course_id = ?")
            .bind(purchase)
            .bind(metadata.clone())
            .bind(student)
            .bind(course)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Sets the number of paid sessions. Without any, the course is closed.
    pub(crate) async fn set_tier(
        tx: &Transaction,
        (student, course): (Uuid, Uuid),
        sessions: i32,
    ) -> Result<(), DataError> {
        Self::ensure(tx, (student, course)).await?;
        sql("UPDATE my_courses SET purchase_tier = ?, is_ready = ? WHERE student_id = ? AND course_id = ?")
            .bind(sessions)
            .bind(sessions > 0)
            .bind(student)
            .bind(course)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores an allocation, unless its end or a newer allocation was stored before.
    pub(crate) async fn allocate(
        tx: &Transaction,
        (student, course): (Uuid, Uuid),
        (allocation, trainer): (Uuid, Uuid),
        (start, end): (String, Option<String>),
        at: DateTime<Utc>,
    ) -> Result<(), DataError> {
        Self::ensure(tx, (student, course)).await?;
        sql("UPDATE my_courses SET allocation_id = ?, trainer_id = ?, allocation_status = 'approved', start_date = ?, end_date = ?, allocated_at = ?
             WHERE student_id = ? AND course_id = ? AND (allocated_at IS NULL OR allocated_at <= ?)
             AND NOT (allocation_status IS NOT NULL AND allocation_status = 'cancelled' AND allocation_id = ?)")
            .bind(allocation)
            .bind(trainer)
            .bind(start)
            .bind(end)
            .bind(at)
            .bind(student)
            .bind(course)
            .bind(at)
            .bind(allocation)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores the end of an allocation, unless the course has another one.
    pub(crate) async fn deallocate(
        tx: &Transaction,
        (student, course): (Uuid, Uuid),
        (allocation, trainer): (Uuid, Uuid),
    ) -> Result<(), DataError> {
        Self::ensure(tx, (student, course)).await?;
        sql("UPDATE my_courses SET allocation_id = ?, trainer_id = ?, allocation_status = 'cancelled', has_sessions = ?
             WHERE student_id = ? AND course_id = ? AND (allocation_id IS NULL OR allocation_id = ?)")
            .bind(allocation)
            .bind(trainer)
            .bind(false)
            .bind(student)
            .bind(course)
            .bind(allocation)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores that an allocation was rejected, unless a newer allocation was stored before.
    pub(crate) async fn reject(
        tx: &Transaction,
        (student, course): (Uuid, Uuid),
        allocation: Uuid,
        at: DateTime<Utc>,
    ) -> Result<(), DataError> {
        Self::ensure(tx, (student, course)).await?;
        sql("UPDATE my_courses SET allocation_id = ?, trainer_id = NULL, allocation_status = 'rejected', has_sessions = ?, allocated_at = ?
             WHERE student_id = ? AND course_id = ? AND (allocated_at IS NULL OR allocated_at <= ?)")
            .bind(allocation)
            .bind(false)
            .bind(at)
            .bind(student)
            .bind(course)
            .bind(at)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores that the sessions of an allocation exist, unless its end was stored before.
    pub(crate) async fn set_sessions(
        tx: &Transaction,
        (student, course): (Uuid, Uuid),
        allocation: Uuid,
    ) -> Result<(), DataError> {
        Self::ensure(tx, (student, course)).await?;
        sql("UPDATE my_courses SET has_sessions = ? WHERE student_id = ? AND course_id = ?
             AND NOT (allocation_status IS NOT NULL AND allocation_status = 'cancelled' AND allocation_id = ?)")
            .bind(true)
            .bind(student)
            .bind(course)
            .bind(allocation)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores the progress of a course. A lower number of sessions is an older message.
    pub(crate) async fn progress(
        tx: &Transaction,
        (student, course): (Uuid, Uuid),
        (completed, total, percentage): (u16, u16, u8),
        last_completed_at: Option<String>,
    ) -> Result<(), DataError> {
        Self::ensure(tx, (student, course)).await?;
        sql("UPDATE my_courses SET completed_sessions = ?, total_sessions = ?, percentage = ?, last_completed_at = ?, progress_version = progress_version + 1
             WHERE student_id = ? AND course_id = ? AND completed_sessions <= ?")
            .bind(i32::from(completed))
            .bind(i32::from(total))
            .bind(i32::from(percentage))
            .bind(last_completed_at)
            .bind(student)
            .bind(course)
            .bind(i32::from(completed))
            .execute(tx)
            .await
            .map(drop)
    }

    /// Returns the courses of a student.
    pub(crate) async fn of(
        connection: &dyn Connection,
        student: Uuid,
    ) -> Result<Vec<MyCourse>, DataError> {
        sql("SELECT course_id, purchase_id, purchase_tier, is_ready, metadata, allocation_id, trainer_id, allocation_status, start_date, end_date, has_sessions, completed_sessions, total_sessions, percentage, last_completed_at, progress_version
             FROM my_courses WHERE student_id = ? ORDER BY course_id LIMIT ?")
            .bind(student)
            .bind(MAX_COURSES)
            .fetch_all(connection)
            .await
    }
}

/// A session of a student.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MySession {
    pub(crate) id: Uuid,
    pub(crate) course: Option<Uuid>,
    pub(crate) trainer: Option<Uuid>,
    pub(crate) number: Option<i32>,
    pub(crate) date: Option<String>,
    pub(crate) slot: Option<String>,
    pub(crate) status: String,
}

impl FromRow for MySession {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            course: row.get("course_id")?,
            trainer: row.get("trainer_id")?,
            number: row.get("session_number")?,
            date: row.get("scheduled_date")?,
            slot: row.get("time_slot")?,
            status: row.get("status")?,
        })
    }
}

/// Statements on the sessions of students.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MySessions;

impl MySessions {
    /// Inserts a session that is not stored.
    pub(crate) async fn ensure(tx: &Transaction, student: Uuid, id: Uuid) -> Result<(), DataError> {
        insert_or_ignore!("my_sessions (id, student_id, status) VALUES (?, ?, 'scheduled')")
            .bind(id)
            .bind(student)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores the generated sessions of a course in order. A message about one of them may have
    /// arrived before.
    pub(crate) async fn generate(
        tx: &Transaction,
        (student, course): (Uuid, Uuid),
        trainer: Uuid,
        ids: &[Uuid],
    ) -> Result<(), DataError> {
        for (number, id) in (1_i32..).zip(ids) {
            Self::ensure(tx, student, *id).await?;
            sql("UPDATE my_sessions SET course_id = ?, trainer_id = COALESCE(trainer_id, ?), session_number = ? WHERE id = ?")
                .bind(course)
                .bind(trainer)
                .bind(number)
                .bind(*id)
                .execute(tx)
                .await?;
        }
        Ok(())
    }

    /// Stores the last state of a session.
    pub(crate) async fn finish(
        tx: &Transaction,
        student: Uuid,
        id: Uuid,
        status: &'static str,
    ) -> Result<(), DataError> {
        Self::ensure(tx, student, id).await?;
        sql("UPDATE my_sessions SET status = ? WHERE id = ?")
            .bind(status)
            .bind(id)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores another date and slot, or another trainer. An older change is a no-op.
    pub(crate) async fn change(
        tx: &Transaction,
        (student, id): (Uuid, Uuid),
        trainer: Uuid,
        (date, slot): (String, String),
        at: DateTime<Utc>,
    ) -> Result<(), DataError> {
        Self::ensure(tx, student, id).await?;
        sql("UPDATE my_sessions SET trainer_id = ?, scheduled_date = ?, time_slot = ?, changed_at = ? WHERE id = ? AND (changed_at IS NULL OR changed_at <= ?)")
            .bind(trainer)
            .bind(date)
            .bind(slot)
            .bind(at)
            .bind(id)
            .bind(at)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores the first date and slot of a session, unless a change was stored earlier.
    pub(crate) async fn plan(
        tx: &Transaction,
        student: Uuid,
        id: Uuid,
        (date, slot): (&str, &str),
    ) -> Result<(), DataError> {
        sql("UPDATE my_sessions SET scheduled_date = ?, time_slot = ? WHERE id = ? AND student_id = ? AND scheduled_date IS NULL")
            .bind(date)
            .bind(slot)
            .bind(id)
            .bind(student)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Returns the sessions of a student in order.
    pub(crate) async fn of(
        connection: &dyn Connection,
        student: Uuid,
    ) -> Result<Vec<MySession>, DataError> {
        sql("SELECT id, course_id, trainer_id, session_number, scheduled_date, time_slot, status FROM my_sessions
             WHERE student_id = ? ORDER BY session_number, id LIMIT ?")
            .bind(student)
            .bind(MAX_SESSIONS)
            .fetch_all(connection)
            .await
    }
}
