use seaworthy::{data::Transaction, prelude::*};
use tutoring_contract::LiveEvent;

use super::{Chats, view::MessageView};
use crate::{
    domain::Cursor,
    errors,
    store::{conversations, messages},
};

/// The event that clients receive.
const READ: &str = "chat:read";

/// The messages that were read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ReadRequest {
    /// The last message that was read. Absent: all.
    pub(crate) up_to: Option<Uuid>,
}

impl Chats {
    /// Returns a page of messages, ascending, and the cursor of the page before it. The newest
    /// messages come without a cursor. They count as delivered.
    ///
    /// # Errors
    /// `NOT_FOUND`, or an error of the database and of the encryption.
    pub(crate) async fn page(
        &self,
        user: Uuid,
        id: Uuid,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<(Vec<MessageView>, Option<String>), Error> {
        let members = self.members(user, id).await?;
        let database = &self.backend.database;
        let mut found = messages::before(database, id, cursor, limit + 1).await?;
        let has_more = found.len() > limit as usize;
        found.truncate(limit as usize);
        if let Some(newest) = found.first() {
            conversations::set_delivered(database, (id, user), newest.sent_at).await?;
        }
        let next = found.last().filter(|_| has_more).map(|oldest| Cursor {
            sent_at: oldest.sent_at,
            id: oldest.id,
        });
        found.reverse();
        let mut views = Vec::new();
        for message in &found {
            views.push(self.view(message, &members).await?);
        }
        Ok((views, next.map(Cursor::text)))
    }

    /// Returns a message of a conversation of the user.
    ///
    /// # Errors
    /// `NOT_FOUND`, or an error of the database and of the encryption.
    pub(crate) async fn message(&self, user: Uuid, id: Uuid) -> Result<MessageView, Error> {
        let found = messages::find(&self.backend.database, id).await?;
        let found = found.ok_or_else(errors::message_not_found)?;
        let members = self.members(user, found.conversation_id).await;
        let members = members.map_err(|error| match error.code() {
            Code::NotFound => errors::message_not_found(),
            _ => error,
        })?;
        self.view(&found, &members).await
    }

    /// Marks messages as read. Returns the number of newly read messages of other users.
    ///
    /// # Errors
    /// `NOT_FOUND`, or an error of the database.
    pub(crate) async fn read(
        &self,
        user: Uuid,
        id: Uuid,
        request: &ReadRequest,
    ) -> Result<u64, Error> {
        let write = |tx: Transaction| async move {
            let conversation = conversations::lock(&tx, id).await?;
            let conversation = conversation.ok_or_else(errors::conversation_not_found)?;
            let members = conversations::members(&tx, id).await?;
            let own = members.iter().find(|member| member.user_id == user);
            let own = own.ok_or_else(errors::conversation_not_found)?;
            let until = match request.up_to {
                Some(message) => {
                    let message = messages::find(&tx, message).await?;
                    let message = message.filter(|message| message.conversation_id == id);
                    message.ok_or_else(errors::message_not_found)?.sent_at
                }
                None => conversation.updated_at,
            };
            let before = own.last_read_at;
            let updated = messages::count_of_others(&tx, (id, user), before, until).await?;
            if before.is_none_or(|before| before < until) {
                conversations::set_read(&tx, (id, user), until).await?;
                let data = json!({ "conversationId": id, "userId": user, "at": until });
                let live = LiveEvent::for_conversation(id, READ, &data)?;
                self.backend.outbox.store(&tx, live.message()).await?;
            }
            Ok::<_, Error>(updated)
        };
        self.backend.database.transaction(write).await
    }
}
