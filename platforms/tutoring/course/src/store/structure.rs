//! Statements on the structure of courses.

use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;

use crate::{domain::NewQuestion, errors};

/// The levels of every phase, in their sequence.
const LEVELS: [&str; 3] = ["foundation", "development", "mastery"];
/// The number of sessions of a level.
pub(crate) const SESSIONS: u8 = 10;
/// Maximum number of phases that a statement reads, more than a course has.
const MAX_PHASES: u32 = 100;

/// A phase of a course.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct Phase {
    pub(crate) id: Uuid,
    pub(crate) sequence: u16,
    pub(crate) title: String,
}

/// A level of a phase.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Level {
    pub(crate) id: Uuid,
    pub(crate) sequence: u8,
    pub(crate) level_type: String,
}

/// The position of a level in its course.
#[derive(Debug, Clone)]
pub(crate) struct LevelPlace {
    pub(crate) course: Uuid,
    /// From 1 to 3.
    pub(crate) sequence: u8,
}

/// A session of a level, with the keys of its media.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    session_number: u8,
    title: String,
    description: String,
    video_key: Option<String>,
    sheet_key: Option<String>,
}

/// A session with its course, its level and its quiz, which contains the answers.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct SessionContent {
    pub(crate) course_id: Uuid,
    /// The level, from 1.
    pub(crate) sequence: u8,
    pub(crate) session_number: u8,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) video_key: Option<String>,
    pub(crate) sheet_key: Option<String>,
    pub(crate) quiz: Option<Value>,
}

/// A session to create.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewSession {
    pub(crate) session_number: u8,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) description: String,
    /// A video that the caller uploaded.
    pub(crate) video_key: Option<String>,
    /// A document that the caller uploaded.
    pub(crate) sheet_key: Option<String>,
    #[serde(default)]
    pub(crate) quiz: Vec<NewQuestion>,
}

pub(crate) async fn phases(connection: &dyn Connection, course: Uuid) -> DataResult<Vec<Phase>> {
    sql!("SELECT id, sequence, title FROM course_phases WHERE course_id = {course} ORDER BY sequence LIMIT {MAX_PHASES}")
        .fetch_all(connection)
        .await
}

pub(crate) async fn levels(connection: &dyn Connection, phase: Uuid) -> DataResult<Vec<Level>> {
    sql!("SELECT id, sequence, level_type FROM course_levels WHERE phase_id = {phase} ORDER BY sequence")
        .fetch_all(connection)
        .await
}

pub(crate) async fn sessions(connection: &dyn Connection, level: Uuid) -> DataResult<Vec<Session>> {
    sql!("SELECT id, session_number, title, description, video_key, sheet_key FROM course_sessions WHERE level_id = {level} ORDER BY session_number")
        .fetch_all(connection)
        .await
}

pub(crate) async fn course_of_phase(
    connection: &dyn Connection,
    phase: Uuid,
) -> DataResult<Option<Uuid>> {
    sql!("SELECT course_id FROM course_phases WHERE id = {phase}")
        .fetch_optional(connection)
        .await
}

/// Returns the course and the sequence of a level.
///
/// # Errors
/// `NOT_FOUND`.
pub(crate) async fn place_of_level(
    connection: &dyn Connection,
    level: Uuid,
) -> Result<LevelPlace, Error> {
    let found: Option<(Uuid, u8)> = sql!("SELECT p.course_id, l.sequence FROM course_levels l JOIN course_phases p ON p.id = l.phase_id WHERE l.id = {level}")
        .fetch_optional(connection)
        .await?;
    let (course, sequence) = found.ok_or_else(errors::not_found)?;
    Ok(LevelPlace { course, sequence })
}

/// Returns a session with its course and its level.
///
/// # Errors
/// `NOT_FOUND`.
pub(crate) async fn content(
    connection: &dyn Connection,
    session: Uuid,
) -> Result<SessionContent, Error> {
    let found = sql!("SELECT p.course_id, l.sequence, s.session_number, s.title, s.description, s.video_key, s.sheet_key, s.quiz FROM course_sessions s JOIN course_levels l ON l.id = s.level_id JOIN course_phases p ON p.id = l.phase_id WHERE s.id = {session}")
        .fetch_optional(connection)
        .await?;
    found.ok_or_else(errors::not_found)
}

/// Returns the level sequence of a session of a course.
pub(crate) async fn level_of_session(
    connection: &dyn Connection,
    course: Uuid,
    session: Uuid,
) -> DataResult<Option<u8>> {
    sql!("SELECT l.sequence FROM course_sessions s JOIN course_levels l ON l.id = s.level_id JOIN course_phases p ON p.id = l.phase_id WHERE s.id = {session} AND p.course_id = {course}")
        .fetch_optional(connection)
        .await
}

/// Inserts a phase with its three levels.
///
/// # Errors
/// `CONFLICT` if the sequence is taken.
pub(crate) async fn add_phase(
    tx: &Transaction,
    course: Uuid,
    sequence: u16,
    title: &str,
) -> Result<Phase, Error> {
    let id = Uuid::new_v4();
    let inserted = sql!("INSERT INTO course_phases (id, course_id, sequence, title, created_at) VALUES ({id}, {course}, {sequence}, {title}, {Utc::now()})")
        .execute(tx)
        .await;
    conflict(inserted.map(drop))?;
    for (sequence, level_type) in (1_i64..).zip(LEVELS) {
        sql!("INSERT INTO course_levels (id, phase_id, sequence, level_type) VALUES ({Uuid::new_v4()}, {id}, {sequence}, {level_type})")
            .execute(tx)
            .await?;
    }
    Ok(Phase {
        id,
        sequence,
        title: title.to_owned(),
    })
}

/// Inserts a session.
///
/// # Errors
/// `CONFLICT` if the number is taken.
pub(crate) async fn add_session(
    tx: &Transaction,
    level: Uuid,
    session: &NewSession,
    quiz: Option<Value>,
) -> Result<Session, Error> {
    let id = Uuid::new_v4();
    let inserted = sql!("INSERT INTO course_sessions (id, level_id, session_number, title, description, video_key, sheet_key, quiz) VALUES ({id}, {level}, {session.session_number}, {&session.title}, {&session.description}, {session.video_key.clone()}, {session.sheet_key.clone()}, {quiz})")
        .execute(tx)
        .await;
    conflict(inserted.map(drop))?;
    Ok(Session {
        id,
        session_number: session.session_number,
        title: session.title.clone(),
        description: session.description.clone(),
        video_key: session.video_key.clone(),
        sheet_key: session.sheet_key.clone(),
    })
}

/// Whether a course has a phase, and ten sessions in each of its levels.
pub(crate) async fn is_complete(tx: &Transaction, course: Uuid) -> DataResult<bool> {
    let (levels, sessions): (u64, u64) = sql!("SELECT COUNT(DISTINCT l.id), COUNT(s.id) FROM course_phases p JOIN course_levels l ON l.phase_id = p.id LEFT JOIN course_sessions s ON s.level_id = l.id WHERE p.course_id = {course}")
        .fetch_one(tx)
        .await?;
    Ok(levels > 0 && sessions == levels * u64::from(SESSIONS))
}

fn conflict(stored: DataResult<()>) -> Result<(), Error> {
    match stored {
        Err(error) if error.is_unique_violation() => Err(errors::sequence_taken()),
        other => Ok(other?),
    }
}
