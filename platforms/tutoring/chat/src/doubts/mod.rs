//! Operations on doubts, independent of the transport.

mod open;
mod reassign;
mod reply;
mod status;
mod view;

use seaworthy::{audit_log::AuditEntry, crypto::Context, data::prelude::*, prelude::*};
use tutoring_contract::{
    Role,
    events::{BusinessEvent, NotificationRequested, message},
};

use crate::{
    chat::Chats,
    domain::Participant,
    errors,
    store::{StoredDoubt, doubts},
};

pub(crate) use reassign::ReassignRequest;

/// The permission of administrators to read doubts.
pub(crate) const DOUBT_READ: &str = "doubt:read";
/// The permission of administrators to reply to doubts, and to change and reassign them.
pub(crate) const DOUBT_WRITE: &str = "doubt:write";

/// Returns the context of an encrypted question.
fn question_context(doubt: Uuid) -> Context {
    Context::new("doubts", "question").row(&doubt.to_string())
}

/// Returns the context of an encrypted reply.
fn reply_context(reply: Uuid) -> Context {
    Context::new("doubt_replies", "content").row(&reply.to_string())
}

/// Returns a doubt that the caller may see: the student, the trainer, or an administrator, whose
/// permission the route checks.
fn visible(found: Option<StoredDoubt>, caller: Participant) -> Result<StoredDoubt, Error> {
    let is_visible = |doubt: &StoredDoubt| match caller.role {
        Role::Student => doubt.student_id == caller.id,
        Role::Trainer => doubt.trainer_id == Some(caller.id),
        Role::Admin => true,
    };
    found.filter(is_visible).ok_or_else(errors::doubt_not_found)
}

impl Chats {
    /// Returns a doubt that the caller may see.
    async fn visible_doubt(
        &self,
        connection: &dyn Connection,
        caller: Participant,
        id: Uuid,
    ) -> Result<StoredDoubt, Error> {
        visible(doubts::find(connection, id).await?, caller)
    }

    /// Requests a notification about a doubt. It does not contain the text, which is encrypted.
    async fn notify_of_doubt(
        &self,
        tx: &Transaction,
        (recipient, role): (Uuid, Role),
        text: (&str, &str),
        doubt: Uuid,
    ) -> Result<(), Error> {
        let data = json!({ "doubtId": doubt });
        let requested = NotificationRequested::new(recipient, "course", text, data);
        let event = BusinessEvent::new(requested).by(recipient, role);
        Ok(self.backend.outbox.store(tx, message(&event)).await?)
    }

    /// Requests a notification of the trainer who should answer a doubt.
    async fn notify_trainer(
        &self,
        tx: &Transaction,
        trainer: Uuid,
        doubt: Uuid,
    ) -> Result<(), Error> {
        let text = ("New doubt", "A student has a question for you.");
        self.notify_of_doubt(tx, (trainer, Role::Trainer), text, doubt)
            .await
    }

    /// Stores the audit entry of an administrator's write. Writes of other users have none.
    async fn record(
        &self,
        tx: &Transaction,
        caller: Participant,
        entry: AuditEntry,
    ) -> Result<(), Error> {
        if caller.role == Role::Admin {
            let entry = entry.detail("permission", DOUBT_WRITE);
            self.audit.append(tx, entry).await?;
        }
        Ok(())
    }
}
