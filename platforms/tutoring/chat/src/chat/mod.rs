//! Operations on conversations, independent of the transport.

mod attachments;
mod consumers;
mod delete;
mod read;
mod send;
mod view;

use std::collections::BTreeSet;

use seaworthy::{
    audit_log::AuditLog,
    crypto::{Context, Sealer},
    prelude::*,
    storage::Storage,
};
use tutoring_identity::{Backend, LiveSealer};

use crate::{
    errors,
    store::{Member, conversations},
};

pub(crate) use attachments::UploadRequest;
pub(crate) use consumers::consumers;
pub(crate) use read::ReadRequest;

/// Conversations and doubts with their dependencies.
#[derive(Debug)]
pub(crate) struct Chats {
    pub(crate) backend: Backend,
    pub(crate) sealer: Sealer,
    pub(crate) live: LiveSealer,
    pub(crate) audit: AuditLog,
    pub(crate) storage: Storage,
    /// The address of the storage, without a slash at the end.
    pub(crate) attachments_url: String,
    pub(crate) max_attachment_size: ByteSize,
    pub(crate) allow_contact_data: bool,
}

impl Chats {
    /// Returns the participants of a conversation, of whom the user is one.
    ///
    /// # Errors
    /// `NOT_FOUND` for conversations of other users, or an error of the database.
    pub(crate) async fn members(&self, user: Uuid, id: Uuid) -> Result<Vec<Member>, Error> {
        let members = conversations::members(&self.backend.database, id).await?;
        match members.iter().any(|member| member.user_id == user) {
            true => Ok(members),
            false => Err(errors::conversation_not_found()),
        }
    }
}

/// Returns the context of an encrypted text.
fn context(message: Uuid) -> Context {
    Context::new("messages", "content").row(&message.to_string())
}

/// Returns the IDs of participants.
fn ids(members: &[Member]) -> BTreeSet<Uuid> {
    members.iter().map(|member| member.user_id).collect()
}
