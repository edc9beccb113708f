use seaworthy::{
    data::{
        Connection, DataError, FromRow, Row, Statement, Transaction,
        chrono::{DateTime, Utc},
        sql,
    },
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::CheckedPage;
use tutoring_identity::{insert_or_ignore, locked};
use uuid::Uuid;

/// Returns the text of a statement that reads assignments.
macro_rules! assignments {
    ($rest:literal) => {
        concat!(
            "SELECT id, course_id, title, description, due_at, max_score, created_at FROM assignments ",
            $rest
        )
    };
}

/// Returns the text of a statement that reads submissions.
macro_rules! submissions {
    ($rest:literal) => {
        concat!(
            "SELECT id, assignment_id, student_id, content, file_keys, score, feedback, graded_at, created_at FROM assignment_submissions ",
            $rest
        )
    };
}

/// An assignment of a course.
#[derive(Debug, Clone, Serialize)]
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

impl FromRow for Assignment {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            course_id: row.get("course_id")?,
            title: row.get("title")?,
            description: row.get("description")?,
            due_at: row.get("due_at")?,
            max_score: row.get("max_score")?,
            created_at: row.get("created_at")?,
        })
    }
}

/// The submission of a student.
#[derive(Debug, Clone)]
pub(crate) struct Submission {
    pub(crate) id: Uuid,
    pub(crate) assignment: Uuid,
    pub(crate) student: Uuid,
    pub(crate) content: String,
    /// Keys of the storage.
    pub(crate) files: Vec<String>,
    pub(crate) score: Option<u16>,
    pub(crate) feedback: Option<String>,
    pub(crate) graded_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

impl FromRow for Submission {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let files: Value = row.get("file_keys")?;
        Ok(Self {
            id: row.get("id")?,
            assignment: row.get("assignment_id")?,
            student: row.get("student_id")?,
            content: row.get("content")?,
            files: serde_json::from_value(files).unwrap_or_default(),
            score: row.get("score")?,
            feedback: row.get("feedback")?,
            graded_at: row.get("graded_at")?,
            created_at: row.get("created_at")?,
        })
    }
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
        sql("INSERT INTO assignments (id, course_id, title, description, due_at, max_score, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(assignment.id)
            .bind(assignment.course_id)
            .bind(&assignment.title)
            .bind(&assignment.description)
            .bind(assignment.due_at)
            .bind(assignment.max_score)
            .bind(assignment.created_at)
            .execute(tx)
            .await
            .map(drop)
    }

    pub(crate) async fn by_id(
        connection: &dyn Connection,
        id: Uuid,
    ) -> Result<Option<Assignment>, DataError> {
        sql(assignments!("WHERE id = ?"))
            .bind(id)
            .fetch_optional(connection)
            .await
    }

    /// Returns a page of the assignments of a course, the oldest first, and their number.
    pub(crate) async fn of_course(
        connection: &dyn Connection,
        course: Uuid,
        page: CheckedPage,
    ) -> Result<(Vec<Assignment>, u64), DataError> {
        let (total,): (u64,) = sql("SELECT COUNT(*) FROM assignments WHERE course_id = ?")
            .bind(course)
            .fetch_one(connection)
            .await?;
        let items = sql(assignments!(
            "WHERE course_id = ? ORDER BY created_at, id LIMIT ? OFFSET ?"
        ))
        .bind(course)
        .bind(page.limit)
        .bind(page.offset())
        .fetch_all(connection)
        .await?;
        Ok((items, total))
    }

    /// Stores a submission. Returns `false` if the student has sent one.
    pub(crate) async fn submit(
        tx: &Transaction,
        submission: &Submission,
    ) -> Result<bool, DataError> {
        let inserted = insert_or_ignore!("assignment_submissions (id, assignment_id, student_id, content, file_keys, created_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(submission.id)
            .bind(submission.assignment)
            .bind(submission.student)
            .bind(&submission.content)
            .bind(json!(submission.files))
            .bind(submission.created_at)
            .execute(tx)
            .await?;
        Ok(inserted.rows_affected() > 0)
    }

    pub(crate) async fn submission_of(
        connection: &dyn Connection,
        assignment: Uuid,
        student: Uuid,
    ) -> Result<Option<Submission>, DataError> {
        sql(submissions!("WHERE assignment_id = ? AND student_id = ?"))
            .bind(assignment)
            .bind(student)
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
        let items = bind(sql(submissions!(
            "WHERE assignment_id = ? AND (? = 0 OR student_id IN (SELECT student_id FROM student_trainers WHERE trainer_id = ? AND course_id = ? AND is_ended = ?)) ORDER BY created_at DESC, id LIMIT ? OFFSET ?"
        )))
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
        locked!(submissions!("WHERE id = ?"))
            .bind(id)
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
        sql("UPDATE assignment_submissions SET score = ?, feedback = ?, graded_by = ?, graded_at = ? WHERE id = ?")
            .bind(grade.score)
            .bind(grade.feedback.clone())
            .bind(grader)
            .bind(now)
            .bind(submission)
            .execute(tx)
            .await
            .map(drop)
    }
}
