//! Statements on messages.

use seaworthy::{crypto::Encrypted, data::prelude::*, prelude::*};

use crate::domain::{Cursor, MediaKind, MessageKind};

// Returns the text of a statement that reads messages.
statements! { statement: "SELECT id, conversation_id, sender_id, client_message_id, type, content, attachments, sent_at, deleted_at FROM messages " }

#[derive(Debug, FromRow)]
pub(crate) struct StoredMessage {
    pub(crate) id: Uuid,
    pub(crate) conversation_id: Uuid,
    pub(crate) sender_id: Uuid,
    pub(crate) client_message_id: String,
    #[from_row(with = from_text, column = "type")]
    pub(crate) kind: MessageKind,
    pub(crate) content: Option<Encrypted<String>>,
    #[from_row(with = from_json)]
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) sent_at: DateTime<Utc>,
    pub(crate) deleted_at: Option<DateTime<Utc>>,
}

/// An attachment as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) key: String,
    pub(crate) kind: MediaKind,
    pub(crate) size: u64,
    pub(crate) mime_type: String,
}

/// Stores a message. Returns `false` if the sender has used its client ID.
pub(crate) async fn insert(tx: &Transaction, message: &StoredMessage) -> DataResult<bool> {
    insert_or_ignore!("messages (id, conversation_id, sender_id, client_message_id, type, content, attachments, sent_at) VALUES ({message.id}, {message.conversation_id}, {message.sender_id}, {message.client_message_id.clone()}, {message.kind.as_str()}, {message.content.clone()}, {json!(message.attachments)}, {message.sent_at})")
        .changes(tx)
        .await
}

/// Returns the message of a sender with a client ID.
pub(crate) async fn of_client(
    connection: &dyn Connection,
    sender: Uuid,
    client_message_id: &str,
) -> DataResult<Option<StoredMessage>> {
    statement!(
        sql,
        "WHERE sender_id = {sender} AND client_message_id = {client_message_id}"
    )
    .fetch_optional(connection)
    .await
}

/// Returns a message.
pub(crate) async fn find(
    connection: &dyn Connection,
    id: Uuid,
) -> DataResult<Option<StoredMessage>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns the messages before a cursor, the newest first.
pub(crate) async fn before(
    connection: &dyn Connection,
    conversation: Uuid,
    cursor: Option<Cursor>,
    limit: u32,
) -> DataResult<Vec<StoredMessage>> {
    let Some(cursor) = cursor else {
        return statement!(
            sql,
            "WHERE conversation_id = {conversation} ORDER BY sent_at DESC, id DESC LIMIT {limit}"
        )
        .fetch_all(connection)
        .await;
    };
    statement!(sql, "WHERE conversation_id = {conversation} AND (sent_at < {cursor.sent_at} OR (sent_at = {cursor.sent_at} AND id < {cursor.id})) ORDER BY sent_at DESC, id DESC LIMIT {limit}")
    .fetch_all(connection)
    .await
}

/// Returns the number of messages of others after one time and until another.
pub(crate) async fn count_of_others(
    connection: &dyn Connection,
    (conversation, user): (Uuid, Uuid),
    after: Option<DateTime<Utc>>,
    until: DateTime<Utc>,
) -> DataResult<u64> {
    sql!("SELECT COUNT(*) FROM messages WHERE conversation_id = {conversation} AND sender_id <> {user} AND deleted_at IS NULL AND sent_at > {after.unwrap_or_default()} AND sent_at <= {until}")
        .fetch_one(connection)
        .await
}

/// Deletes the text and the attachments of a sender's message.
pub(crate) async fn erase(tx: &Transaction, id: Uuid) -> DataResult<()> {
    sql!("UPDATE messages SET content = NULL, attachments = {json!([])}, deleted_at = {Utc::now()} WHERE id = {id}")
        .apply(tx)
        .await
}
