use seaworthy::{data::Transaction, prelude::*};

use super::Chats;
use crate::{
    errors,
    store::{conversations, messages},
};

impl Chats {
    /// Deletes the text and the attachments of a message of the user. Its place in the conversation
    /// stays.
    ///
    /// # Errors
    /// `NOT_FOUND`, or `FORBIDDEN` for a message of another participant.
    pub(crate) async fn delete(&self, user: Uuid, id: Uuid) -> Result<(), Error> {
        let write = |tx: Transaction| async move {
            let found = messages::find(&tx, id).await?;
            let found = found.ok_or_else(errors::message_not_found)?;
            if found.sender_id != user {
                let members = conversations::members(&tx, found.conversation_id).await?;
                let is_member = members.iter().any(|member| member.user_id == user);
                return Err(match is_member {
                    true => Error::new(
                        Code::Forbidden,
                        "FORBIDDEN",
                        "only the sender can delete a message",
                    ),
                    false => errors::message_not_found(),
                });
            }
            if found.deleted_at.is_some() {
                return Ok(Vec::new());
            }
            messages::erase(&tx, id).await?;
            Ok(found.attachments)
        };
        let attachments = self.backend.database.transaction(write).await?;
        self.delete_objects(&attachments).await;
        Ok(())
    }
}
