use seaworthy::{
    crypto::Encrypted,
    data::{
        Connection, DataError, FromRow, Row, Transaction,
        chrono::{DateTime, Utc},
        sql,
    },
};
use uuid::Uuid;

use crate::domain::Participant;

/// A reply to a doubt as stored.
#[derive(Debug)]
pub(crate) struct StoredReply {
    pub(crate) id: Uuid,
    pub(crate) author: Uuid,
    pub(crate) author_role: String,
    pub(crate) content: Encrypted<String>,
    pub(crate) created_at: DateTime<Utc>,
}

impl FromRow for StoredReply {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            author: row.get("author_id")?,
            author_role: row.get("author_role")?,
            content: row.get("content")?,
            created_at: row.get("created_at")?,
        })
    }
}

/// Statements on replies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replies;

impl Replies {
    /// Stores a reply.
    pub(crate) async fn insert(
        tx: &Transaction,
        (id, doubt): (Uuid, Uuid),
        author: Participant,
        content: &Encrypted<String>,
    ) -> Result<(), DataError> {
        sql("INSERT INTO doubt_replies (id, doubt_id, author_id, author_role, content, created_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(id)
            .bind(doubt)
            .bind(author.id)
            .bind(author.role.as_str())
            .bind(content.clone())
            .bind(Utc::now())
            .execute(tx)
            .await
            .map(drop)
    }

    /// Returns the replies to a doubt, the oldest first.
    pub(crate) async fn of(
        connection: &dyn Connection,
        doubt: Uuid,
    ) -> Result<Vec<StoredReply>, DataError> {
        sql("SELECT id, author_id, author_role, content, created_at FROM doubt_replies WHERE doubt_id = ? ORDER BY created_at, id")
            .bind(doubt)
            .fetch_all(connection)
            .await
    }

    /// Returns the number of replies to a doubt.
    pub(crate) async fn count(connection: &dyn Connection, doubt: Uuid) -> Result<u64, DataError> {
        let (count,): (u64,) = sql("SELECT COUNT(*) FROM doubt_replies WHERE doubt_id = ?")
            .bind(doubt)
            .fetch_one(connection)
            .await?;
        Ok(count)
    }
}
