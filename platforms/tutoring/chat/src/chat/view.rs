use seaworthy::{
    data::chrono::{DateTime, Utc},
    prelude::*,
    storage::ObjectKey,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Chats, context};
use crate::store::{Conversation, Conversations, Member, Messages, StoredMessage};

/// The application opens an attachment in this time.
const DOWNLOAD_TTL: Timeout = Timeout::from_secs(60 * 60);

/// A message in responses and events.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageView {
    id: Uuid,
    conversation_id: Uuid,
    sender_id: Uuid,
    client_message_id: String,
    r#type: String,
    content: Option<String>,
    attachments: Vec<Value>,
    /// `sent`, `delivered` or `read`, by the slowest of the others.
    status: &'static str,
    sent_at: DateTime<Utc>,
    deleted: bool,
}

impl Chats {
    /// Decrypts a message, and signs the URLs of its attachments.
    ///
    /// # Errors
    /// [`Code::Internal`] if the text cannot be decrypted.
    pub(super) async fn view(
        &self,
        message: &StoredMessage,
        members: &[Member],
    ) -> Result<MessageView, Error> {
        let content = match &message.content {
            Some(content) => Some(self.sealer.open(content, &context(message.id)).await?),
            None => None,
        };
        self.view_of(message, content, members)
    }

    /// Returns a message whose text is known.
    ///
    /// # Errors
    /// An error of the storage.
    pub(super) fn view_of(
        &self,
        message: &StoredMessage,
        content: Option<String>,
        members: &[Member],
    ) -> Result<MessageView, Error> {
        let mut attachments = Vec::new();
        for attachment in &message.attachments {
            let key = ObjectKey::new(attachment.key.as_str()).map_err(Error::internal)?;
            let signed = self.storage.presign_get(&key, DOWNLOAD_TTL)?;
            attachments.push(json!({
                "url": signed.url().as_str(),
                "type": attachment.kind,
                "size": attachment.size,
                "mimeType": attachment.mime_type,
            }));
        }
        Ok(MessageView {
            id: message.id,
            conversation_id: message.conversation,
            sender_id: message.sender,
            client_message_id: message.client_message_id.clone(),
            r#type: message.kind.clone(),
            content,
            attachments,
            status: status(message, members),
            sent_at: message.sent_at,
            deleted: message.deleted_at.is_some(),
        })
    }

    /// Returns a conversation with its last message, for one of its participants.
    ///
    /// # Errors
    /// Those of the database and of the encryption.
    pub(crate) async fn conversation(
        &self,
        user: Uuid,
        conversation: &Conversation,
    ) -> Result<Value, Error> {
        let (database, id) = (&self.backend.database, conversation.id);
        let members = Conversations::members(database, id).await?;
        let own = members.iter().find(|member| member.user == user);
        let read_at = own.and_then(|own| own.last_read_at);
        let until = conversation.updated_at;
        let unread = Messages::count_of_others(database, (id, user), read_at, until).await?;
        let last = Messages::before(database, id, None, 1).await?;
        let last = match last.first() {
            Some(message) => Some(self.view(message, &members).await?),
            None => None,
        };
        let participants = members
            .iter()
            .map(|member| json!({ "userId": member.user, "lastReadAt": member.last_read_at }));
        Ok(json!({
            "conversationId": id,
            "participants": participants.collect::<Vec<_>>(),
            "unreadCount": unread,
            "updatedAt": conversation.updated_at,
            "lastMessage": last,
        }))
    }
}

fn status(message: &StoredMessage, members: &[Member]) -> &'static str {
    let others = || {
        members
            .iter()
            .filter(|member| member.user != message.sender)
    };
    let has_reached = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at >= message.sent_at);
    if others().all(|member| has_reached(member.last_read_at)) {
        "read"
    } else if others().all(|member| has_reached(member.last_delivered_at)) {
        "delivered"
    } else {
        "sent"
    }
}
