use seaworthy::{audit_log::AuditEntry, core::new_id, data::Transaction, prelude::*};
use tutoring_contract::Role;

use super::{reply_context, view::DoubtView, visible};
use crate::{
    chat::Chats,
    domain::{DoubtStatus, Participant, checked_reply},
    errors,
    store::{doubts, replies},
};

/// Maximum number of replies to a doubt.
const MAX_REPLIES: u64 = 100;

impl Chats {
    /// Stores a reply of the trainer or of an administrator, and sets the doubt to answered.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, also for contact data, `NOT_FOUND`, or `CONFLICT` for a closed doubt.
    pub(crate) async fn reply_to_doubt(
        &self,
        author: Participant,
        doubt: Uuid,
        text: &str,
    ) -> Result<DoubtView, Error> {
        let text = checked_reply(text, self.allow_contact_data)?;
        let id = new_id();
        // The keys are read before the transaction, which holds a connection and a lock.
        let content = &self.sealer.seal(&text, &reply_context(id)).await?;
        let write = |tx: Transaction| async move {
            let found = visible(doubts::lock(&tx, doubt).await?, author)?;
            if found.status == DoubtStatus::Closed {
                return Err(errors::doubt_is(found.status));
            }
            if replies::count(&tx, doubt).await? >= MAX_REPLIES {
                return Err(errors::too_many_replies(MAX_REPLIES));
            }
            replies::insert(&tx, (id, doubt), author, content).await?;
            doubts::set_status(&tx, doubt, DoubtStatus::Answered).await?;
            let text = ("Doubt answered", "Your doubt has a new reply.");
            self.notify_of_doubt(&tx, (found.student_id, Role::Student), text, doubt)
                .await?;
            let entry = AuditEntry::new("doubt.reply")
                .target("doubt", doubt.to_string())
                .detail("before", found.status.as_str())
                .detail("after", DoubtStatus::Answered.as_str());
            self.record(&tx, author, entry).await
        };
        self.backend.database.transaction(write).await?;
        self.doubt(author, doubt).await
    }
}
