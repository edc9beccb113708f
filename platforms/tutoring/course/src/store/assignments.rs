//! Statements on assignments and their submissions.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::paged;

// The first parts of statements that read assignments and submissions.
statements! { assignments: "SELECT id, course_id, title, description, due_at, max_score, created_at FROM assignments " }
statements! { submissions: "SELECT id, assignment_id, student_id, content, file_keys, score, feedback, graded_at, created_at FROM assignment_submissions " }

/// An assignment of a course.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assignment {
    pub(crate) id: Uuid,
    pub(crate) course_id: Uuid,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) due_at: Option<DateTime<Utc>>,
    pub(crate) max_score: u16,
    pub(crate) created_at: DateTime<Utc>,
}

/// The submission of a student.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Submission {
    pub(crate) id: Uuid,
    pub(crate) assignment_id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) content: String,
    /// Keys of the storage.
    #[from_row(with = from_json, column = "file_keys")]
    pub(crate) files: Vec<String>,
    pub(crate) score: Option<u16>,
    pub(crate) feedback: Option<String>,
    pub(crate) graded_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

/// The grade of a submission.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Grade {
    pub(crate) score: u16,
    pub(crate) feedback: Option<String>,
}

pub(crate) async fn insert(tx: &Transaction, assignment: &Assignment) -> DataResult<()> {
    sql!("INSERT INTO assignments (id, course_id, title, description, due_at, max_score, created_at) VALUES ({assignment.id}, {assignment.course_id}, {&assignment.title}, {&assignment.description}, {assignment.due_at}, {assignment.max_score}, {assignment.created_at})")
        .apply(tx)
        .await
}

pub(crate) async fn by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Assignment>> {
    assignments!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns a page of the assignments of a course, the oldest first.
pub(crate) async fn of_course(
    connection: &dyn Connection,
    course: Uuid,
    page: CheckedPage,
) -> DataResult<Page<Assignment>> {
    assignments!(paged, "WHERE course_id = {course}"; "ORDER BY created_at, id", page)
        .fetch(connection)
        .await
}

/// Stores a submission. Returns `false` if the student has sent one.
pub(crate) async fn submit(tx: &Transaction, submission: &Submission) -> DataResult<bool> {
    insert_or_ignore!("assignment_submissions (id, assignment_id, student_id, content, file_keys, created_at) VALUES ({submission.id}, {submission.assignment_id}, {submission.student_id}, {&submission.content}, {json!(submission.files)}, {submission.created_at})")
        .changes(tx)
        .await
}

pub(crate) async fn submission_of(
    connection: &dyn Connection,
    assignment: Uuid,
    student: Uuid,
) -> DataResult<Option<Submission>> {
    submissions!(
        sql,
        "WHERE assignment_id = {assignment} AND student_id = {student}"
    )
    .fetch_optional(connection)
    .await
}

/// Returns a page of the submissions of an assignment, the newest first. With a trainer, the page
/// has only those of the trainer's students.
pub(crate) async fn submissions(
    connection: &dyn Connection,
    assignment: &Assignment,
    trainer: Option<Uuid>,
    page: CheckedPage,
) -> DataResult<Page<Submission>> {
    let teaches = i64::from(trainer.is_some());
    let trainer = trainer.unwrap_or_default();
    submissions!(paged, "WHERE assignment_id = {assignment.id} AND ({teaches} = 0 OR student_id IN (SELECT student_id FROM student_trainers WHERE trainer_id = {trainer} AND course_id = {assignment.course_id} AND is_ended = {false}))"; "ORDER BY created_at DESC, id", page)
        .fetch(connection)
        .await
}

/// Returns a submission, and locks the row until the transaction ends.
pub(crate) async fn lock_submission(tx: &Transaction, id: Uuid) -> DataResult<Option<Submission>> {
    submissions!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

pub(crate) async fn set_grade(
    tx: &Transaction,
    submission: Uuid,
    grader: Uuid,
    grade: &Grade,
    now: DateTime<Utc>,
) -> DataResult<()> {
    sql!("UPDATE assignment_submissions SET score = {grade.score}, feedback = {grade.feedback.clone()}, graded_by = {grader}, graded_at = {now} WHERE id = {submission}")
        .apply(tx)
        .await
}
