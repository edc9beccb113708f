//! Statements on exams and their attempts.

use seaworthy::data::prelude::*;
use serde_json::Value;

use crate::domain::Score;

/// Returns the questions of the exam of a level, with their answers.
pub(crate) async fn questions(
    connection: &dyn Connection,
    level: Uuid,
) -> DataResult<Option<Value>> {
    sql!("SELECT questions FROM exams WHERE level_id = {level}")
        .fetch_optional(connection)
        .await
}

/// Stores the exam of a level. The lock of the course serializes the calls.
pub(crate) async fn store(tx: &Transaction, level: Uuid, questions: &Value) -> DataResult<()> {
    let is_updated = sql!("UPDATE exams SET questions = {questions.clone()}, updated_at = {Utc::now()} WHERE level_id = {level}")
        .changes(tx)
        .await?;
    if is_updated {
        return Ok(());
    }
    sql!("INSERT INTO exams (level_id, questions, updated_at) VALUES ({level}, {questions.clone()}, {Utc::now()})")
        .apply(tx)
        .await
}

/// Returns the number and the time of the last attempt.
pub(crate) async fn last_attempt(
    connection: &dyn Connection,
    student: Uuid,
    level: Uuid,
) -> DataResult<Option<(u8, DateTime<Utc>)>> {
    sql!("SELECT attempt_number, created_at FROM exam_attempts WHERE student_id = {student} AND level_id = {level} ORDER BY attempt_number DESC LIMIT 1")
        .fetch_optional(connection)
        .await
}

pub(crate) async fn add_attempt(
    tx: &Transaction,
    (student, level): (Uuid, Uuid),
    number: u8,
    score: Score,
    now: DateTime<Utc>,
) -> DataResult<()> {
    sql!("INSERT INTO exam_attempts (id, student_id, level_id, attempt_number, score, created_at) VALUES ({Uuid::new_v4()}, {student}, {level}, {number}, {score.0}, {now})")
        .apply(tx)
        .await
}
