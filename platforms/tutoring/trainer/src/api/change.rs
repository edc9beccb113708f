use seaworthy::{data::Transaction, prelude::*};
use serde_json::{Map, Value, json};
use tutoring_contract::CallerTerritory;
use tutoring_identity::{ProfileEdit, caller};

use super::{Api, TRAINER_WRITE};
use crate::{
    announce::announce,
    profile::{Availability, Location, Preference},
    store::{Trainer, trainers},
};

/// A valid change of a trainer.
pub(super) enum Change {
    /// The changed fields of the profile.
    Profile(Map<String, Value>),
    Location(Location),
    Availability(Availability),
    Preference(Preference),
}

impl Change {
    async fn store(&self, tx: &Transaction, trainer: &Trainer) -> Result<(), Error> {
        match self {
            Self::Profile(changed) => trainers::set_profile(tx, trainer, changed).await?,
            Self::Location(location) => trainers::set_location(tx, trainer.id, *location).await?,
            Self::Availability(given) => trainers::set_availability(tx, trainer.id, given).await?,
            Self::Preference(given) => trainers::set_preference(tx, trainer.id, *given).await?,
        }
        Ok(())
    }

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
                self.store(&tx, &before).await?;
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
