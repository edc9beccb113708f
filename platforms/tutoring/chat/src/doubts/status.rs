use seaworthy::{audit_log::AuditEntry, data::Transaction, prelude::*};

use super::{view::DoubtView, visible};
use crate::{
    chat::Chats,
    domain::{DoubtStatus, Participant},
    errors,
    store::doubts,
};

impl Chats {
    /// Moves a doubt to the next state. Does nothing if it has this state.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN` for a state that the role does not set, or `CONFLICT` for a state
    /// that does not follow.
    pub(crate) async fn set_doubt_status(
        &self,
        caller: Participant,
        id: Uuid,
        next: DoubtStatus,
    ) -> Result<DoubtView, Error> {
        let write = |tx: Transaction| async move {
            let doubt = visible(doubts::lock(&tx, id).await?, caller)?;
            if !next.is_set_by(caller.role) {
                return Err(errors::only_closes());
            }
            if doubt.status == next {
                return Ok(());
            }
            if !doubt.status.may_become(next) {
                return Err(errors::doubt_is(doubt.status));
            }
            doubts::set_status(&tx, id, next).await?;
            let entry = AuditEntry::new("doubt.status")
                .target("doubt", id.to_string())
                .detail("before", doubt.status.as_str())
                .detail("after", next.as_str());
            self.record(&tx, caller, entry).await
        };
        self.backend.database.transaction(write).await?;
        self.doubt(caller, id).await
    }
}
