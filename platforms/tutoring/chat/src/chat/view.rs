use seaworthy::{data::prelude::*, prelude::*};
use serde_json::{Value, json};

use super::{Chats, context};
use crate::{
    domain::MessageKind,
    store::{Conversation, Member, Person, StoredMessage, conversations, messages, people},
};

/// A message in responses and events.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageView {
    id: Uuid,
    conversation_id: Uuid,
    sender_id: Uuid,
    client_message_id: String,
    r#type: MessageKind,
    content: Option<String>,
    attachments: Vec<Value>,
    /// `sent`, `delivered` or `read`: the least progress of all recipients.
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
        Ok(MessageView {
            id: message.id,
            conversation_id: message.conversation_id,
            sender_id: message.sender_id,
            client_message_id: message.client_message_id.clone(),
            r#type: message.kind,
            content,
            attachments: self.signed_attachments(&message.attachments)?,
            status: status(message, members),
            sent_at: message.sent_at,
            deleted: message.deleted_at.is_some(),
        })
    }

    /// Returns the participants of a conversation with their names. Administrators have none.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn participants(&self, members: &[Member]) -> Result<Vec<Value>, Error> {
        let users = members.iter().map(|member| member.user_id).collect();
        let people = people::of(&self.backend.database, users).await?;
        let participants = members.iter().map(|member| {
            let person = people.get(&member.user_id);
            json!({
                "userId": member.user_id,
                "name": person.and_then(Person::name),
                "role": person.map(|person| person.role.as_str()),
                "pictureUrl": person.and_then(|person| person.picture_url.as_deref()),
                "lastReadAt": member.last_read_at,
            })
        });
        Ok(participants.collect())
    }

    /// Returns a conversation with its last message, for one of its participants.
    ///
    /// # Errors
    /// An error of the database or of the encryption.
    pub(crate) async fn conversation(
        &self,
        user: Uuid,
        conversation: &Conversation,
    ) -> Result<Value, Error> {
        let (database, id) = (&self.backend.database, conversation.id);
        let members = conversations::members(database, id).await?;
        let own = members.iter().find(|member| member.user_id == user);
        let read_at = own.and_then(|own| own.last_read_at);
        let until = conversation.updated_at;
        let unread = messages::count_of_others(database, (id, user), read_at, until).await?;
        let last = messages::before(database, id, None, 1).await?;
        let last = match last.first() {
            Some(message) => Some(self.view(message, &members).await?),
            None => None,
        };
        Ok(json!({
            "conversationId": id,
            "participants": self.participants(&members).await?,
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
            .filter(|member| member.user_id != message.sender_id)
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
