use seaworthy::{crypto::Encrypted, data::prelude::*, prelude::*};
use serde_json::json;
use tutoring_contract::CheckedPage;
use tutoring_identity::{from_json, from_text, locked};
use uuid::Uuid;

use super::Attachment;
use crate::domain::{DoubtKind, DoubtStatus};

/// More doubts than a student asks before a trainer is allocated.
const UNASSIGNED: u32 = 100;

/// Returns the text of a statement that reads doubts.
macro_rules! statement {
    (locked $rest:literal) => {
        locked!("SELECT id, student_id, trainer_id, course_id, subject, topic, type, question, attachments, status, created_at, updated_at FROM doubts ", $rest)
    };
    ($($rest:literal),+) => {
        sql!("SELECT id, student_id, trainer_id, course_id, subject, topic, type, question, attachments, status, created_at, updated_at FROM doubts ", $($rest),+)
    };
}

/// The condition of a filter.
macro_rules! matching {
    ($start:literal, $end:literal) => {
        concat!(
            $start,
            "WHERE (? = 0 OR student_id = ?) AND (? = 0 OR trainer_id = ?) AND (? = 0 OR course_id = ?) AND (? = 0 OR status = ?) AND (? = 0 OR trainer_id IS NULL) ",
            $end
        )
    };
}

/// A doubt as stored.
#[derive(Debug, FromRow)]
pub(crate) struct StoredDoubt {
    pub(crate) id: Uuid,
    #[from_row(column = "student_id")]
    pub(crate) student: Uuid,
    #[from_row(column = "trainer_id")]
    pub(crate) trainer: Option<Uuid>,
    #[from_row(column = "course_id")]
    pub(crate) course: Option<Uuid>,
    pub(crate) subject: String,
    pub(crate) topic: Option<String>,
    #[from_row(column = "type")]
    pub(crate) kind: String,
    pub(crate) question: Encrypted<String>,
    #[from_row(with = from_json)]
    pub(crate) attachments: Vec<Attachment>,
    #[from_row(with = from_text)]
    pub(crate) status: DoubtStatus,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A doubt to store.
#[derive(Debug)]
pub(crate) struct NewDoubt {
    pub(crate) id: Uuid,
    pub(crate) student: Uuid,
    pub(crate) trainer: Option<Uuid>,
    pub(crate) course: Option<Uuid>,
    pub(crate) subject: String,
    pub(crate) topic: Option<String>,
    pub(crate) kind: DoubtKind,
    pub(crate) question: Encrypted<String>,
    pub(crate) attachments: Vec<Attachment>,
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

impl DoubtFilter {
    fn bind(self, statement: Statement) -> Statement {
        let is = |set: bool| i64::from(set);
        let mut statement = statement;
        for id in [self.student_id, self.trainer_id, self.course_id] {
            statement = statement
                .bind(is(id.is_some()))
                .bind(id.unwrap_or_default());
        }
        statement
            .bind(is(self.status.is_some()))
            .bind(self.status.map_or("", DoubtStatus::as_str))
            .bind(is(self.unassigned))
    }
}

/// Statements on doubts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doubts;

impl Doubts {
    /// Stores a pending doubt.
    pub(crate) async fn insert(tx: &Transaction, doubt: &NewDoubt) -> Result<(), DataError> {
        let now = Utc::now();
        sql!("INSERT INTO doubts (id, student_id, trainer_id, course_id, subject, topic, type, question, attachments, status, created_at, updated_at) VALUES ({doubt.id}, {doubt.student}, {doubt.trainer}, {doubt.course}, {doubt.subject.clone()}, {doubt.topic.clone()}, {doubt.kind.as_str()}, {doubt.question.clone()}, {json!(doubt.attachments)}, {DoubtStatus::Pending.as_str()}, {now}, {now})")
            .apply(tx)
            .await
    }

    /// Returns a doubt.
    pub(crate) async fn find(
        connection: &dyn Connection,
        id: Uuid,
    ) -> Result<Option<StoredDoubt>, DataError> {
        statement!("WHERE id = {id}")
            .fetch_optional(connection)
            .await
    }

    /// Returns a doubt, and locks it until the transaction ends.
    pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> Result<Option<StoredDoubt>, DataError> {
        statement!(locked "WHERE id = {id}")
            .fetch_optional(tx)
            .await
    }

    /// Returns a page of doubts, the newest first, and their number.
    pub(crate) async fn page(
        connection: &dyn Connection,
        filter: DoubtFilter,
        page: CheckedPage,
    ) -> Result<(Vec<StoredDoubt>, u64), DataError> {
        let count = sql(matching!("SELECT COUNT(*) FROM doubts ", ""));
        let (total,): (u64,) = filter.bind(count).fetch_one(connection).await?;
        let list = sql(matching!(
            "SELECT id, student_id, trainer_id, course_id, subject, topic, type, question, attachments, status, created_at, updated_at FROM doubts ",
            "ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"
        ));
        let items = filter
            .bind(list)
            .bind(page.limit)
            .bind(page.offset())
            .fetch_all(connection)
            .await?;
        Ok((items, total))
    }

    /// Sets the state of a locked doubt.
    pub(crate) async fn set_status(
        tx: &Transaction,
        id: Uuid,
        status: DoubtStatus,
    ) -> Result<(), DataError> {
        sql!("UPDATE doubts SET status = {status.as_str()}, updated_at = {Utc::now()} WHERE id = {id}")
            .apply(tx)
            .await
    }

    /// Sets the trainer of a locked doubt.
    pub(crate) async fn set_trainer(
        tx: &Transaction,
        id: Uuid,
        trainer: Uuid,
    ) -> Result<(), DataError> {
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
    ) -> Result<Vec<Uuid>, DataError> {
        let found: Vec<(Uuid,)> = locked!("SELECT id FROM doubts WHERE student_id = {student} AND trainer_id IS NULL AND status <> 'closed' AND (course_id = {course} OR course_id IS NULL) ORDER BY created_at, id LIMIT {UNASSIGNED}")
            .fetch_all(tx)
            .await?;
        Ok(found.into_iter().map(|(id,)| id).collect())
    }
}
