use seaworthy::{data::prelude::*, prelude::*};
use serde_json::json;
use tutoring_contract::CheckedPage;
use tutoring_identity::{from_json, insert_or_ignore, locked};
use uuid::Uuid;

/// Returns the text of a statement that reads assignments.
macro_rules! assignments {
    ($($rest:literal),+) => {
        sql!("SELECT id, course_id, title, description, due_at, max_score, created_at FROM assignments ", $($rest),+)
    };
}

/// Returns the text of a statement that reads submissions.
macro_rules! submissions {
    (locked $rest:literal) => {
        locked!("SELECT id, assignment_id, student_id, content, file_keys, score, feedback, graded_at, created_at FROM assignment_submissions ", $rest)
    };
    ($($rest:literal),+) => {
        sql!("SELECT id, assignment_id, student_id, content, file_keys, score, feedback, graded_at, created_at FROM assignment_submissions ", $($rest),+)
    };
}

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
    #[from_row(column = "assignment_id")]
    pub(crate) assignment: Uuid,
    #[from_row(column = "student_id")]
    pub(crate) student: Uuid,
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
    #[serde(default)]
    pub(crate) feedback: Option<String>,
}

/// Statements on assignments and their submissions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Assignments;

impl Assignments {
    pub(crate) async fn insert(tx: &Transaction, assignment: &Assignment) -> Result<(), DataError> {
        sql!("INSERT INTO assignments (id, course_id, title, description, due_at, max_score, created_at) VALUES ({assignment.id}, {assignment.course_id}, {&assignment.title}, {&assignment.description}, {assignment.due_at}, {assignment.max_score}, {assignment.created_at})")
            .apply(tx)
            .await
    }

    pub(crate) async fn by_id(
        connection: &dyn Connection,
        id: Uuid,
    ) -> Result<Option<Assignment>, DataError> {
        assignments!("WHERE id = {id}")
            .fetch_optional(connection)
            .await
    }

    /// Returns a page of the assignments of a course, the oldest first, and their number.
    pub(crate) async fn of_course(
        connection: &dyn Connection,
        course: Uuid,
        page: CheckedPage,
    ) -> Result<(Vec<Assignment>, u64), DataError> {
        let (total,): (u64,) = sql!("SELECT COUNT(*) FROM assignments WHERE course_id = {course}")
            .fetch_one(connection)
            .await?;
        let items = assignments!("WHERE course_id = {course} ORDER BY created_at, id LIMIT {page.limit} OFFSET {page.offset()}")
        .fetch_all(connection)
        .await?;
        Ok((items, total))
    }

    /// Stores a submission. Returns `false` if the student has sent one.
    pub(crate) async fn submit(
        tx: &Transaction,
        submission: &Submission,
    ) -> Result<bool, DataError> {
        insert_or_ignore!("assignment_submissions (id, assignment_id, student_id, content, file_keys, created_at) VALUES ({submission.id}, {submission.assignment}, {submission.student}, {&submission.content}, {json!(submission.files)}, {submission.created_at})")
            .changes(tx)
            .await
    }

    pub(crate) async fn submission_of(
        connection: &dyn Connection,
        assignment: Uuid,
        student: Uuid,
    ) -> Result<Option<Submission>, DataError> {
        submissions!("WHERE assignment_id = {assignment} AND student_id = {student}")
            .fetch_optional(connection)
            .await
    }

    /// Returns a page of the submissions of an assignment, the newest first, and their number. With
    /// a trainer, those of the trainer's students.
    pub(crate) async fn submissions(
        connection: &dyn Connection,
        assignment: &Assignment,
        trainer: Option<Uuid>,
        page: CheckedPage,
    ) -> Result<(Vec<Submission>, u64), DataError> {
        let bind = |statement: Statement| {
            statement
                .bind(assignment.id)
                .bind(i64::from(trainer.is_some()))
                .bind(trainer.unwrap_or_default())
                .bind(assignment.course_id)
                .bind(false)
        };
        let count = sql(
            "SELECT COUNT(*) FROM assignment_submissions WHERE assignment_id = ? AND (? = 0 OR student_id IN (SELECT student_id FROM student_trainers WHERE trainer_id = ? AND course_id = ? AND is_ended = ?))",
        );
        let (total,): (u64,) = bind(count).fetch_one(connection).await?;
        let items = bind(submissions!("WHERE assignment_id = ? AND (? = 0 OR student_id IN (SELECT student_id FROM student_trainers WHERE trainer_id = ? AND course_id = ? AND is_ended = ?)) ORDER BY created_at DESC, id LIMIT ? OFFSET ?"))
        .bind(page.limit)
        .bind(page.offset())
        .fetch_all(connection)
        .await?;
        Ok((items, total))
    }

    /// Returns a submission, and locks the row until the transaction ends.
    pub(crate) async fn lock_submission(
        tx: &Transaction,
        id: Uuid,
    ) -> Result<Option<Submission>, DataError> {
        submissions!(locked "WHERE id = {id}")
            .fetch_optional(tx)
            .await
    }

    pub(crate) async fn set_grade(
        tx: &Transaction,
        submission: Uuid,
        grader: Uuid,
        grade: &Grade,
        now: DateTime<Utc>,
    ) -> Result<(), DataError> {
        sql!("UPDATE assignment_submissions SET score = {grade.score}, feedback = {grade.feedback.clone()}, graded_by = {grader}, graded_at = {now} WHERE id = {submission}")
            .apply(tx)
            .await
    }
}
