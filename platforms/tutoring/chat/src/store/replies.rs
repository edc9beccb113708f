//! Statements on replies.

use seaworthy::{crypto::Encrypted, data::prelude::*};

use crate::domain::Participant;

/// A reply to a doubt as stored.
#[derive(Debug, FromRow)]
pub(crate) struct StoredReply {
    pub(crate) id: Uuid,
    pub(crate) author_id: Uuid,
    pub(crate) author_role: String,
    pub(crate) content: Encrypted<String>,
    pub(crate) created_at: DateTime<Utc>,
}

/// Stores a reply.
pub(crate) async fn insert(
    tx: &Transaction,
    (id, doubt): (Uuid, Uuid),
    author: Participant,
    content: &Encrypted<String>,
) -> DataResult<()> {
    sql!("INSERT INTO doubt_replies (id, doubt_id, author_id, author_role, content, created_at) VALUES ({id}, {doubt}, {author.id}, {author.role.as_str()}, {content.clone()}, {Utc::now()})")
        .apply(tx)
        .await
}

/// Returns the replies to a doubt, the oldest first.
pub(crate) async fn of(connection: &dyn Connection, doubt: Uuid) -> DataResult<Vec<StoredReply>> {
    sql!("SELECT id, author_id, author_role, content, created_at FROM doubt_replies WHERE doubt_id = {doubt} ORDER BY created_at, id")
        .fetch_all(connection)
        .await
}

/// Returns the number of replies to a doubt.
pub(crate) async fn count(connection: &dyn Connection, doubt: Uuid) -> DataResult<u64> {
    sql!("SELECT COUNT(*) FROM doubt_replies WHERE doubt_id = {doubt}")
        .fetch_one(connection)
        .await
}
