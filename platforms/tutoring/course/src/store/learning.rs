use seaworthy::{
    data::{Connection, DataError, FromRow, Row, Transaction, chrono::Utc, sql},
    prelude::*,
};
use tutoring_identity::insert_or_ignore;
use uuid::Uuid;

/// The progress of a student in a session.
#[derive(Debug, Clone, Serialize)]
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

impl FromRow for SessionProgress {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            session_id: row.get("session_id")?,
            status: row.get("status")?,
            video_watched: row.get("video_watched")?,
            sheet_previewed: row.get("sheet_previewed")?,
            quiz_completed: row.get("quiz_completed")?,
            quiz_score: row.get("quiz_score")?,
            quiz_max_score: row.get("quiz_max_score")?,
        })
    }
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
#[derive(Debug, Clone)]
pub(crate) struct SessionStatus {
    pub(crate) session: Uuid,
    /// The level, from 1.
    pub(crate) level_sequence: u8,
    /// `None` if the student has not opened the session.
    pub(crate) status: Option<String>,
}

impl FromRow for SessionStatus {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            session: row.get("id")?,
            level_sequence: row.get("sequence")?,
            status: row.get("status")?,
        })
    }
}

/// The sessions of 33 phases.
const MAX_SESSIONS: u32 = 1_000;

/// Statements on the progress of students in sessions. Each call computes the status from the stored
/// flags.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Learning;

impl Learning {
    async fn ensure(tx: &Transaction, student: Uuid, session: Uuid) -> Result<(), DataError> {
        insert_or_ignore!("student_progress (student_id, session_id, status, video_watched, sheet_previewed, quiz_completed, created_at, updated_at) VALUES (?, ?, 'in_progress', ?, ?, ?, ?, ?)")
            .bind(student)
            .bind(session)
            .bind(false)
            .bind(false)
            .bind(false)
            .bind(Utc::now())
            .bind(Utc::now())
            .execute(tx)
            .await
            .map(drop)
    }

    pub(crate) async fn set_video_watched(
        tx: &Transaction,
        student: Uuid,
        session: Uuid,
    ) -> Result<(), DataError> {
        Self::ensure(tx, student, session).await?;
        sql("UPDATE student_progress SET video_watched = ?, status = CASE WHEN quiz_completed THEN 'completed' ELSE 'in_progress' END, updated_at = ? WHERE student_id = ? AND session_id = ?")
            .bind(true)
            .bind(Utc::now())
            .bind(student)
            .bind(session)
            .execute(tx)
            .await
            .map(drop)
    }

    pub(crate) async fn set_sheet_previewed(
        tx: &Transaction,
        student: Uuid,
        session: Uuid,
    ) -> Result<(), DataError> {
        Self::ensure(tx, student, session).await?;
        sql("UPDATE student_progress SET sheet_previewed = ?, updated_at = ? WHERE student_id = ? AND session_id = ?")
            .bind(true)
            .bind(Utc::now())
            .bind(student)
            .bind(session)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores a score of the quiz. A lower one is a no-op.
    pub(crate) async fn set_quiz(
        tx: &Transaction,
        student: Uuid,
        session: Uuid,
        (score, max_score): (u16, u16),
    ) -> Result<(), DataError> {
        Self::ensure(tx, student, session).await?;
        sql("UPDATE student_progress SET quiz_completed = ?, quiz_score = ?, quiz_max_score = ?, status = CASE WHEN video_watched THEN 'completed' ELSE 'in_progress' END, updated_at = ? WHERE student_id = ? AND session_id = ? AND (quiz_score IS NULL OR quiz_score <= ?)")
            .bind(true)
            .bind(score)
            .bind(max_score)
            .bind(Utc::now())
            .bind(student)
            .bind(session)
            .bind(score)
            .execute(tx)
            .await
            .map(drop)
    }

    pub(crate) async fn of(
        connection: &dyn Connection,
        student: Uuid,
        session: Uuid,
    ) -> Result<Option<SessionProgress>, DataError> {
        sql("SELECT session_id, status, video_watched, sheet_previewed, quiz_completed, quiz_score, quiz_max_score FROM student_progress WHERE student_id = ? AND session_id = ?")
            .bind(student)
            .bind(session)
            .fetch_optional(connection)
            .await
    }

    /// Returns the sessions of a course in their order.
    pub(crate) async fn statuses(
        connection: &dyn Connection,
        student: Uuid,
        course: Uuid,
    ) -> Result<Vec<SessionStatus>, DataError> {
        sql("SELECT s.id, l.sequence, g.status FROM course_phases p JOIN course_levels l ON l.phase_id = p.id JOIN course_sessions s ON s.level_id = l.id LEFT JOIN student_progress g ON g.session_id = s.id AND g.student_id = ? WHERE p.course_id = ? ORDER BY p.sequence, l.sequence, s.session_number LIMIT ?")
            .bind(student)
            .bind(course)
            .bind(MAX_SESSIONS)
            .fetch_all(connection)
            .await
    }

    /// Returns the numbers of completed sessions and of all sessions of a level.
    pub(crate) async fn completion(
        connection: &dyn Connection,
        student: Uuid,
        level: Uuid,
    ) -> Result<(u64, u64), DataError> {
        sql("SELECT COUNT(p.session_id), COUNT(s.id) FROM course_sessions s LEFT JOIN student_progress p ON p.session_id = s.id AND p.student_id = ? AND p.status = 'completed' WHERE s.level_id = ?")
            .bind(student)
            .bind(level)
            .fetch_one(connection)
            .await
    }
}
