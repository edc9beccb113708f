//! Statements on doubts.

use seaworthy::{crypto::Encrypted, data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::{optional, paged};

use super::Attachment;
use crate::domain::{DoubtKind, DoubtStatus};

/// Maximum number of doubts without a trainer that are assigned in one step.
const UNASSIGNED: u32 = 100;

// Returns the text of a statement that reads doubts.
statements! { statement: "SELECT id, student_id, trainer_id, course_id, subject, topic, type, question, attachments, status, created_at, updated_at FROM doubts " }

/// A doubt as stored. A response also has the question and the attachments.
#[derive(Debug, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredDoubt {
    pub(crate) id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) trainer_id: Option<Uuid>,
    pub(crate) course_id: Option<Uuid>,
    pub(crate) subject: String,
    pub(crate) topic: Option<String>,
    #[from_row(with = from_text, column = "type")]
    #[serde(rename = "type")]
    pub(crate) kind: DoubtKind,
    #[serde(skip)]
    pub(crate) question: Encrypted<String>,
    #[from_row(with = from_json)]
    #[serde(skip)]
    pub(crate) attachments: Vec<Attachment>,
    #[from_row(with = from_text)]
    pub(crate) status: DoubtStatus,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// The filter of a list.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DoubtFilter {
    pub(crate) student_id: Option<Uuid>,
    pub(crate) trainer_id: Option<Uuid>,
    pub(crate) course_id: Option<Uuid>,
    pub(crate) status: Option<DoubtStatus>,
    /// Only doubts without a trainer.
    pub(crate) unassigned: bool,
}

/// Stores a doubt.
pub(crate) async fn insert(tx: &Transaction, doubt: &StoredDoubt) -> DataResult<()> {
    sql!("INSERT INTO doubts (id, student_id, trainer_id, course_id, subject, topic, type, question, attachments, status, created_at, updated_at) VALUES ({doubt.id}, {doubt.student_id}, {doubt.trainer_id}, {doubt.course_id}, {doubt.subject.clone()}, {doubt.topic.clone()}, {doubt.kind.as_str()}, {doubt.question.clone()}, {json!(doubt.attachments)}, {doubt.status.as_str()}, {doubt.created_at}, {doubt.updated_at})")
        .apply(tx)
        .await
}

/// Returns a doubt.
pub(crate) async fn find(connection: &dyn Connection, id: Uuid) -> DataResult<Option<StoredDoubt>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns a doubt, and locks it until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<StoredDoubt>> {
    statement!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

/// Returns a page of doubts, the newest first.
pub(crate) async fn page(
    connection: &dyn Connection,
    filter: DoubtFilter,
    page: CheckedPage,
) -> DataResult<Page<StoredDoubt>> {
    let (of_student, student) = optional(filter.student_id);
    let (of_trainer, trainer) = optional(filter.trainer_id);
    let (of_course, course) = optional(filter.course_id);
    let (has_status, status) = optional(filter.status.map(DoubtStatus::as_str));
    let unassigned = i64::from(filter.unassigned);
    statement!(paged, "WHERE ({of_student} = 0 OR student_id = {student}) AND ({of_trainer} = 0 OR trainer_id = {trainer}) AND ({of_course} = 0 OR course_id = {course}) AND ({has_status} = 0 OR status = {status}) AND ({unassigned} = 0 OR trainer_id IS NULL)"; "ORDER BY created_at DESC, id DESC", page)
        .fetch(connection)
        .await
}

/// Sets the state of a locked doubt.
pub(crate) async fn set_status(tx: &Transaction, id: Uuid, status: DoubtStatus) -> DataResult<()> {
    sql!("UPDATE doubts SET status = {status.as_str()}, updated_at = {Utc::now()} WHERE id = {id}")
        .apply(tx)
        .await
}

/// Sets the trainer of a locked doubt.
pub(crate) async fn set_trainer(tx: &Transaction, id: Uuid, trainer: Uuid) -> DataResult<()> {
    sql!("UPDATE doubts SET trainer_id = {trainer}, updated_at = {Utc::now()} WHERE id = {id}")
        .apply(tx)
        .await
}

/// Returns the oldest open doubts of a student's course that have no trainer, and of those
/// without a course. At most [`UNASSIGNED`] of them.
pub(crate) async fn unassigned(
    tx: &Transaction,
    student: Uuid,
    course: Uuid,
) -> DataResult<Vec<Uuid>> {
    locked!("SELECT id FROM doubts WHERE student_id = {student} AND trainer_id IS NULL AND status <> 'closed' AND (course_id = {course} OR course_id IS NULL) ORDER BY created_at, id LIMIT {UNASSIGNED}")
        .fetch_all(tx)
        .await
}
