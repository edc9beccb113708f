//! Statements on conversations.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use seaworthy::data::prelude::*;
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::paged;

#[derive(Debug, Clone, FromRow)]
pub(crate) struct Conversation {
    pub(crate) id: Uuid,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A participant of a conversation.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Member {
    pub(crate) user_id: Uuid,
    pub(crate) last_delivered_at: Option<DateTime<Utc>>,
    pub(crate) last_read_at: Option<DateTime<Utc>>,
}

/// Returns the conversation of exactly these users, and creates it if there is none.
pub(crate) async fn of(tx: &Transaction, users: &BTreeSet<Uuid>) -> DataResult<Conversation> {
    let (id, hash, now) = (seaworthy::core::new_id(), hash(users), Utc::now());
    let inserted = insert_or_ignore!("conversations (id, participants_hash, created_at, updated_at) VALUES ({id}, {hash.clone()}, {now}, {now})")
    .execute(tx)
    .await?;
    if inserted.rows_affected() > 0 {
        for user in users {
            sql!(
                "INSERT INTO conversation_members (conversation_id, user_id) VALUES ({id}, {*user})"
            )
            .execute(tx)
            .await?;
        }
    }
    sql!("SELECT id, updated_at FROM conversations WHERE participants_hash = {hash}")
        .fetch_one(tx)
        .await
}

/// Whether exactly these users have a conversation.
pub(crate) async fn exists(
    connection: &dyn Connection,
    users: &BTreeSet<Uuid>,
) -> DataResult<bool> {
    sql!("SELECT id FROM conversations WHERE participants_hash = {hash(users)}")
        .exists(connection)
        .await
}

/// Locks a conversation until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<Conversation>> {
    locked!("SELECT id, updated_at FROM conversations WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

/// Sets the time of the last message.
pub(crate) async fn touch(tx: &Transaction, id: Uuid, at: DateTime<Utc>) -> DataResult<()> {
    sql!("UPDATE conversations SET updated_at = {at} WHERE id = {id}")
        .apply(tx)
        .await
}

/// Returns the participants of a conversation.
pub(crate) async fn members(connection: &dyn Connection, id: Uuid) -> DataResult<Vec<Member>> {
    sql!("SELECT user_id, last_delivered_at, last_read_at FROM conversation_members WHERE conversation_id = {id} ORDER BY user_id")
        .fetch_all(connection)
        .await
}

/// Returns a page of a user's conversations with messages, the last changed first.
pub(crate) async fn page(
    connection: &dyn Connection,
    user: Uuid,
    page: CheckedPage,
) -> DataResult<Page<Conversation>> {
    paged!("SELECT c.id, c.updated_at FROM conversations c JOIN conversation_members m ON m.conversation_id = c.id WHERE m.user_id = {user}"; "ORDER BY c.updated_at DESC, c.id DESC", page)
        .fetch(connection)
        .await
}

/// Moves a participant's delivery position forward.
pub(crate) async fn set_delivered(
    connection: &dyn Connection,
    (conversation, user): (Uuid, Uuid),
    at: DateTime<Utc>,
) -> DataResult<()> {
    sql!("UPDATE conversation_members SET last_delivered_at = {at} WHERE conversation_id = {conversation} AND user_id = {user} AND (last_delivered_at IS NULL OR last_delivered_at < {at})")
        .apply(connection)
        .await
}

/// Moves a participant's read position forward.
pub(crate) async fn set_read(
    tx: &Transaction,
    (conversation, user): (Uuid, Uuid),
    at: DateTime<Utc>,
) -> DataResult<()> {
    set_delivered(tx, (conversation, user), at).await?;
    sql!("UPDATE conversation_members SET last_read_at = {at} WHERE conversation_id = {conversation} AND user_id = {user} AND (last_read_at IS NULL OR last_read_at < {at})")
        .apply(tx)
        .await
}

fn hash(users: &BTreeSet<Uuid>) -> String {
    let bytes: Vec<u8> = users.iter().flat_map(|user| *user.as_bytes()).collect();
    HEXLOWER.encode(digest(&SHA256, &bytes).as_ref())
}
