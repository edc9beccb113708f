use std::{collections::BTreeSet, time::Duration};

use seaworthy::{core::new_id, crypto::Encrypted, data::prelude::*, prelude::*};
use tutoring_contract::{
    LiveEvent, Role,
    events::{BusinessEvent, NotificationRequested, message},
};

use super::{Chats, context, ids, view::MessageView};
use crate::{
    domain::{MessageRequest, Participant},
    errors,
    store::{Attachment, Member, StoredMessage, contacts, conversations, messages},
};

/// The event that clients receive.
const MESSAGE: &str = "chat:message";
/// The title and the text of a notification.
const TEXT: (&str, &str) = ("New message", "You have a new message.");
/// The precision of times in databases.
const PRECISION: Duration = Duration::from_micros(1);

impl Chats {
    /// Sends a message once per sender and client ID. A repeat returns the first message.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `FORBIDDEN` for a recipient without an allocation, `NOT_FOUND` for a
    /// conversation of other users, or `CONFLICT` for a client ID of another conversation.
    pub(crate) async fn send(
        &self,
        sender: Participant,
        request: MessageRequest,
    ) -> Result<MessageView, Error> {
        let request = request.checked(sender)?;
        let client_id = request.client_message_id.clone().unwrap_or_default();
        let database = &self.backend.database;
        if let Some(sent) = messages::of_client(database, sender.id, &client_id).await? {
            return self.repeated(sender, &request, &sent).await;
        }
        let attachments = self
            .check_attachments(sender.id, &request.attachments)
            .await?;
        // The keys are read before the transaction, which holds a connection and a lock.
        let id = new_id();
        let content = match &request.content {
            Some(content) => Some(self.sealer.seal(content, &context(id)).await?),
            None => None,
        };
        let (request, content, attachments) = (&request, &content, &attachments);
        let write = |tx: Transaction| async move {
            let sealed = (id, content.clone());
            self.store(&tx, sender, request, sealed, attachments.clone())
                .await
        };
        match database.transaction(write).await? {
            Some(view) => Ok(view),
            // A concurrent request with the same client ID has stored the message.
            None => {
                let sent = messages::of_client(database, sender.id, &client_id).await?;
                let sent = sent.ok_or_else(errors::message_not_found)?;
                self.repeated(sender, request, &sent).await
            }
        }
    }

    /// Returns the message of an earlier request, which must have the same participants.
    async fn repeated(
        &self,
        sender: Participant,
        request: &MessageRequest,
        sent: &StoredMessage,
    ) -> Result<MessageView, Error> {
        let members = self.members(sender.id, sent.conversation_id).await?;
        let is_same = match request.conversation_id {
            Some(id) => id == sent.conversation_id,
            None => ids(&members) == everyone(sender, request),
        };
        match is_same {
            true => self.view(sent, &members).await,
            false => Err(errors::other_message()),
        }
    }

    /// Stores a message with its events. Returns `None` if the sender has used its client ID.
    async fn store(
        &self,
        tx: &Transaction,
        sender: Participant,
        request: &MessageRequest,
        (id, content): (Uuid, Option<Encrypted<String>>),
        attachments: Vec<Attachment>,
    ) -> Result<Option<MessageView>, Error> {
        let conversation = match request.conversation_id {
            Some(id) => id,
            None => {
                let users = everyone(sender, request);
                require_contacts(tx, sender, &users).await?;
                conversations::of(tx, &users).await?.id
            }
        };
        // The lock gives the messages of a conversation one order, which cursors rely on.
        let locked = conversations::lock(tx, conversation).await?;
        let locked = locked.ok_or_else(errors::conversation_not_found)?;
        let members = conversations::members(tx, conversation).await?;
        if !members.iter().any(|member| member.user_id == sender.id) {
            return Err(errors::conversation_not_found());
        }
        let message = StoredMessage {
            id,
            conversation_id: conversation,
            sender_id: sender.id,
            client_message_id: request.client_message_id.clone().unwrap_or_default(),
            kind: request.r#type,
            content,
            attachments,
            sent_at: rounded(Utc::now()).max(rounded(locked.updated_at) + PRECISION),
            deleted_at: None,
        };
        if !messages::insert(tx, &message).await? {
            return Ok(None);
        }
        self.notify(tx, &message, &members, locked.updated_at)
            .await?;
        conversations::touch(tx, conversation, message.sent_at).await?;
        let stored = messages::find(tx, id).await?;
        let stored = stored.ok_or_else(errors::message_not_found)?;
        let view = self.view_of(&stored, request.content.clone(), &members)?;
        let live = LiveEvent::for_conversation(conversation, MESSAGE, &view)?;
        let live = self.live.seal(live).await?;
        self.backend.outbox.store(tx, live.message()).await?;
        Ok(Some(view))
    }

    /// Requests a notification of each participant who has read all earlier messages. It does not
    /// contain the text, which is encrypted.
    async fn notify(
        &self,
        tx: &Transaction,
        sent: &StoredMessage,
        members: &[Member],
        before: DateTime<Utc>,
    ) -> Result<(), Error> {
        let others = members
            .iter()
            .filter(|member| member.user_id != sent.sender_id);
        for member in others {
            let place = (sent.conversation_id, member.user_id);
            let unread = messages::count_of_others(tx, place, member.last_read_at, before).await?;
            if unread > 0 {
                continue;
            }
            let data = json!({ "conversationId": sent.conversation_id, "messageId": sent.id });
            let requested = NotificationRequested::new(member.user_id, "system", TEXT, data);
            let mut requested = BusinessEvent::new(requested);
            requested.user_id = Some(member.user_id);
            self.backend.outbox.store(tx, message(&requested)).await?;
        }
        Ok(())
    }
}

/// Returns the participants of a new conversation.
fn everyone(sender: Participant, request: &MessageRequest) -> BTreeSet<Uuid> {
    let recipients = request.recipient_ids.iter().copied();
    recipients.chain([sender.id]).collect()
}

/// Requires that all participants are connected by an allocation. An administrator may write to
/// everyone, and these users may respond in the same conversation.
async fn require_contacts(
    tx: &Transaction,
    sender: Participant,
    users: &BTreeSet<Uuid>,
) -> Result<(), Error> {
    if conversations::exists(tx, users).await? {
        return Ok(());
    }
    for one in users {
        for other in users.iter().filter(|other| *other > one) {
            let is_own = *one == sender.id || *other == sender.id;
            if is_own && sender.role == Role::Admin {
                continue;
            }
            if !contacts::are_connected(tx, *one, *other).await? {
                return Err(errors::unrelated_users());
            }
        }
    }
    Ok(())
}

/// Returns a time in the precision of all databases.
fn rounded(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}
