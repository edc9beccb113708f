use seaworthy::{audit_log::AuditEntry, data::Transaction, prelude::*};
use tutoring_contract::{
    Role,
    events::{AdminOverride, BusinessEvent, message},
};
use tutoring_identity::TextField;

use super::{view::DoubtView, visible};
use crate::{
    chat::Chats,
    domain::{DoubtStatus, Participant},
    errors,
    store::{doubts, people},
};

/// The action in the audit log and in the event.
const ACTION: &str = "doubt.reassign";

/// A request for another trainer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReassignRequest {
    trainer_id: Uuid,
    #[serde(default)]
    reason: String,
}

impl Chats {
    /// Assigns a doubt to another trainer. Does nothing if the trainer is unchanged.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` if the ID is not of a trainer, `NOT_FOUND`, or `CONFLICT` for a closed
    /// doubt.
    pub(crate) async fn reassign_doubt(
        &self,
        admin: Participant,
        id: Uuid,
        request: &ReassignRequest,
    ) -> Result<DoubtView, Error> {
        let trainer = request.trainer_id;
        let reason = TextField("reason", Some(&request.reason)).optional()?;
        let reason = reason.unwrap_or_default();
        let write = |tx: Transaction| async move {
            let doubt = visible(doubts::lock(&tx, id).await?, admin)?;
            if doubt.status == DoubtStatus::Closed {
                return Err(errors::doubt_is(doubt.status));
            }
            let people = people::of(&tx, vec![trainer]).await?;
            let is_trainer = people
                .get(&trainer)
                .is_some_and(|person| person.role == Role::Trainer.as_str());
            if !is_trainer {
                return Err(errors::invalid("trainerId", "must be the ID of a trainer"));
            }
            if doubt.trainer_id == Some(trainer) {
                return Ok(());
            }
            doubts::set_trainer(&tx, id, trainer).await?;
            self.notify_trainer(&tx, trainer, id).await?;
            let changes = json!({ "trainerId": { "before": doubt.trainer_id, "after": trainer } });
            let before = doubt.trainer_id.map(|trainer| trainer.to_string());
            let entry = AuditEntry::new(ACTION)
                .target("doubt", id.to_string())
                .detail("reason", reason)
                .detail("before", before.unwrap_or_default())
                .detail("after", trainer.to_string());
            self.record(&tx, admin, entry).await?;
            let done = AdminOverride {
                action: ACTION.to_owned(),
                target_id: id.to_string(),
                target_type: "doubt".to_owned(),
                changes,
                reason: reason.to_owned(),
            };
            let event = BusinessEvent::new(done).by(admin.id, Role::Admin);
            Ok::<_, Error>(self.backend.outbox.store(&tx, message(&event)).await?)
        };
        self.backend.database.transaction(write).await?;
        self.doubt(admin, id).await
    }
}
