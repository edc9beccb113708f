//! Statements on projects.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::paged;

// The first part of statements that read projects.
statements! { statement: "SELECT id, student_id, level_id, course_id, visibility, status, title, description, video_key, pdf_key, image_keys, feedback, rating, reviewed_at, created_at FROM student_projects " }

/// A project of a student.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Project {
    pub(crate) id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) level_id: Uuid,
    pub(crate) course_id: Uuid,
    /// `private`, `community` or `public`.
    pub(crate) visibility: String,
    /// `pending`, `approved`, `rejected` or `revision_required`.
    pub(crate) status: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) video_key: String,
    pub(crate) pdf_key: String,
    #[from_row(with = from_json, column = "image_keys")]
    pub(crate) images: Vec<String>,
    pub(crate) feedback: Option<String>,
    pub(crate) rating: Option<u8>,
    pub(crate) reviewed_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

/// The decision on a project.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review {
    /// `approved`, `rejected` or `revision_required`.
    pub(crate) status: String,
    pub(crate) feedback: Option<String>,
    pub(crate) rating: Option<u8>,
}

pub(crate) async fn insert(tx: &Transaction, project: &Project) -> DataResult<()> {
    sql!("INSERT INTO student_projects (id, student_id, level_id, course_id, visibility, status, title, description, video_key, pdf_key, image_keys, created_at, updated_at) VALUES ({project.id}, {project.student_id}, {project.level_id}, {project.course_id}, {&project.visibility}, {&project.status}, {&project.title}, {&project.description}, {&project.video_key}, {&project.pdf_key}, {json!(project.images)}, {project.created_at}, {project.created_at})")
        .apply(tx)
        .await
}

/// Replaces the content of a project whose revision was required, and clears the review.
pub(crate) async fn replace(tx: &Transaction, project: &Project) -> DataResult<()> {
    sql!("UPDATE student_projects SET status = {&project.status}, title = {&project.title}, description = {&project.description}, video_key = {&project.video_key}, pdf_key = {&project.pdf_key}, image_keys = {json!(project.images)}, feedback = NULL, rating = NULL, reviewed_by = NULL, reviewed_at = NULL, updated_at = {Utc::now()} WHERE id = {project.id}")
        .apply(tx)
        .await
}

/// Returns the project of a level. The lock of the purchase serializes the calls.
pub(crate) async fn of_level(
    tx: &Transaction,
    student: Uuid,
    level: Uuid,
) -> DataResult<Option<Project>> {
    statement!(sql, "WHERE student_id = {student} AND level_id = {level}")
        .fetch_optional(tx)
        .await
}

/// Returns a project, and locks the row until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<Project>> {
    statement!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

pub(crate) async fn set_review(
    tx: &Transaction,
    id: Uuid,
    reviewer: Uuid,
    review: &Review,
) -> DataResult<()> {
    sql!("UPDATE student_projects SET status = {&review.status}, feedback = {review.feedback.clone()}, rating = {review.rating}, reviewed_by = {reviewer}, reviewed_at = {Utc::now()}, updated_at = {Utc::now()} WHERE id = {id}")
        .apply(tx)
        .await
}

/// Returns a page of the approved projects with a visibility, the newest first.
pub(crate) async fn approved(
    connection: &dyn Connection,
    visibility: &'static str,
    page: CheckedPage,
) -> DataResult<Page<Project>> {
    statement!(paged, "WHERE visibility = {visibility} AND status = 'approved'"; "ORDER BY created_at DESC, id", page)
        .fetch(connection)
        .await
}

/// Returns a page of the projects of a student, the newest first. With a trainer, only those in
/// courses in which the trainer teaches the student.
pub(crate) async fn of_student(
    connection: &dyn Connection,
    student: Uuid,
    trainer: Option<Uuid>,
    page: CheckedPage,
) -> DataResult<Page<Project>> {
    let teaches = i64::from(trainer.is_some());
    let trainer = trainer.unwrap_or_default();
    statement!(paged, "WHERE student_id = {student} AND ({teaches} = 0 OR course_id IN (SELECT course_id FROM student_trainers WHERE trainer_id = {trainer} AND student_id = {student} AND is_ended = {false}))"; "ORDER BY created_at DESC, id", page)
        .fetch(connection)
        .await
}
