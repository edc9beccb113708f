//! Statements on the progress of students in sessions. Each call computes the status from the
//! stored flags.

use seaworthy::{data::prelude::*, prelude::*};

/// The progress of a student in a session.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionProgress {
    session_id: Uuid,
    /// `not_started`, `in_progress` or `completed`.
    status: String,
    video_watched: bool,
    sheet_previewed: bool,
    quiz_completed: bool,
    quiz_score: Option<u16>,
    quiz_max_score: Option<u16>,
}

impl SessionProgress {
    /// Returns the progress of a student who has not opened the session.
    pub(crate) fn none(session: Uuid) -> Self {
        Self {
            session_id: session,
            status: "not_started".to_owned(),
            video_watched: false,
            sheet_previewed: false,
            quiz_completed: false,
            quiz_score: None,
            quiz_max_score: None,
        }
    }
}

/// The status of a session of a course.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct SessionStatus {
    pub(crate) id: Uuid,
    /// The level, from 1.
    pub(crate) sequence: u8,
    /// `None` if the student has not opened the session.
    pub(crate) status: Option<String>,
}

/// Maximum number of sessions of a course: those of 33 phases.
const MAX_SESSIONS: u32 = 1_000;

async fn ensure(tx: &Transaction, student: Uuid, session: Uuid) -> DataResult<()> {
    insert_or_ignore!("student_progress (student_id, session_id, status, video_watched, sheet_previewed, quiz_completed, created_at, updated_at) VALUES ({student}, {session}, 'in_progress', {false}, {false}, {false}, {Utc::now()}, {Utc::now()})")
        .apply(tx)
        .await
}

pub(crate) async fn set_video_watched(
    tx: &Transaction,
    student: Uuid,
    session: Uuid,
) -> DataResult<()> {
    ensure(tx, student, session).await?;
    sql!("UPDATE student_progress SET video_watched = {true}, status = CASE WHEN quiz_completed THEN 'completed' ELSE 'in_progress' END, updated_at = {Utc::now()} WHERE student_id = {student} AND session_id = {session}")
        .apply(tx)
        .await
}

pub(crate) async fn set_sheet_previewed(
    tx: &Transaction,
    student: Uuid,
    session: Uuid,
) -> DataResult<()> {
    ensure(tx, student, session).await?;
    sql!("UPDATE student_progress SET sheet_previewed = {true}, updated_at = {Utc::now()} WHERE student_id = {student} AND session_id = {session}")
        .apply(tx)
        .await
}

/// Stores a score of the quiz. A lower one is a no-op.
pub(crate) async fn set_quiz(
    tx: &Transaction,
    student: Uuid,
    session: Uuid,
    (score, max_score): (u16, u16),
) -> DataResult<()> {
    ensure(tx, student, session).await?;
    sql!("UPDATE student_progress SET quiz_completed = {true}, quiz_score = {score}, quiz_max_score = {max_score}, status = CASE WHEN video_watched THEN 'completed' ELSE 'in_progress' END, updated_at = {Utc::now()} WHERE student_id = {student} AND session_id = {session} AND (quiz_score IS NULL OR quiz_score <= {score})")
        .apply(tx)
        .await
}

pub(crate) async fn of(
    connection: &dyn Connection,
    student: Uuid,
    session: Uuid,
) -> DataResult<Option<SessionProgress>> {
    sql!("SELECT session_id, status, video_watched, sheet_previewed, quiz_completed, quiz_score, quiz_max_score FROM student_progress WHERE student_id = {student} AND session_id = {session}")
        .fetch_optional(connection)
        .await
}

/// Returns the sessions of a course in their order.
pub(crate) async fn statuses(
    connection: &dyn Connection,
    student: Uuid,
    course: Uuid,
) -> DataResult<Vec<SessionStatus>> {
    sql!("SELECT s.id, l.sequence, g.status FROM course_phases p JOIN course_levels l ON l.phase_id = p.id JOIN course_sessions s ON s.level_id = l.id LEFT JOIN student_progress g ON g.session_id = s.id AND g.student_id = {student} WHERE p.course_id = {course} ORDER BY p.sequence, l.sequence, s.session_number LIMIT {MAX_SESSIONS}")
        .fetch_all(connection)
        .await
}

/// Returns the numbers of completed sessions and of all sessions of a level.
pub(crate) async fn completion(
    connection: &dyn Connection,
    student: Uuid,
    level: Uuid,
) -> DataResult<(u64, u64)> {
    sql!("SELECT COUNT(p.session_id), COUNT(s.id) FROM course_sessions s LEFT JOIN student_progress p ON p.session_id = s.id AND p.student_id = {student} AND p.status = 'completed' WHERE s.level_id = {level}")
        .fetch_one(connection)
        .await
}
