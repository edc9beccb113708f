use seaworthy::prelude::*;
use serde_json::json;
use tutoring_contract::CallerTerritory;
use tutoring_identity::{ProfileEdit, caller};

use super::{Api, TRAINER_WRITE};
use crate::{
    announce::announce,
    profile::Change,
    store::{Trainer, trainers},
};

impl Change {
    /// Changes a trainer, and stores the message about the change in the same transaction. Returns
    /// the changed trainer. A trainer may change their own data in every territory.
    ///
    /// # Errors
    /// `FORBIDDEN` outside of the territory, or an error of the database.
    pub(super) async fn apply(
        &self,
        api: &Api,
        territory: &CallerTerritory,
        id: Uuid,
    ) -> Result<Trainer, Error> {
        let (backend, admin) = (&api.backend, caller().ok().filter(|caller| *caller != id));
        backend
            .database
            .transaction(|tx| async move {
                let before = trainers::lock(&tx, id).await?;
                territory.require(before.territory().as_ref())?;
                trainers::store_change(&tx, &before, self).await?;
                if let (Some(admin), Self::Profile(changed)) = (admin, self) {
                    let member = |name: &String| (name.clone(), json!(before.member(name)));
                    let edit = ProfileEdit {
                        admin,
                        permission: TRAINER_WRITE,
                        action: "trainer.profile",
                        target: ("trainer", id),
                        before: changed.keys().map(member).collect(),
                        after: changed,
                    };
                    edit.record(&tx, &api.audit, &backend.outbox).await?;
                }
                let trainer = trainers::lock(&tx, id).await?;
                announce(&tx, &backend.outbox, &trainer).await?;
                Ok::<_, Error>(trainer)
            })
            .await
    }
}
