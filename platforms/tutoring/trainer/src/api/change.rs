use seaworthy::{data::Transaction, prelude::*};
use serde_json::{Map, Value};
use tutoring_contract::events::{Occurred, TrainerChanged, message};
use tutoring_identity::Backend;
use uuid::Uuid;

use super::views;
use crate::{
    profile::{Availability, Location, Preference},
    store::{Trainer, Trainers},
};

/// A valid change of a trainer.
pub(super) enum Change {
    /// The changed members of the profile.
    Profile(Map<String, Value>),
    Location(Location),
    Availability(Availability),
    Preference(Preference),
}

impl Change {
    async fn store(&self, tx: &Transaction, trainer: &Trainer) -> Result<(), Error> {
        match self {
            Self::Profile(changed) => Trainers::set_profile(tx, trainer, changed).await?,
            Self::Location(location) => Trainers::set_location(tx, trainer.id, *location).await?,
            Self::Availability(given) => Trainers::set_availability(tx, trainer.id, given).await?,
            Self::Preference(given) => Trainers::set_preference(tx, trainer.id, *given).await?,
        }
        Ok(())
    }

    /// Changes a trainer, and stores the message about the change in the same transaction. Returns
    /// the changed trainer.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn apply(&self, backend: &Backend, id: Uuid) -> Result<Trainer, Error> {
        backend
            .database
            .transaction(|tx| async move {
                let before = Trainers::lock(&tx, id).await?;
                self.store(&tx, &before).await?;
                let trainer = Trainers::lock(&tx, id).await?;
                let changed = Occurred::of(TrainerChanged {
                    trainer_id: id,
                    version: trainer.version,
                    snapshot: views::snapshot(&trainer),
                });
                backend.outbox.store(&tx, message(&changed)).await?;
                Ok::<_, Error>(trainer)
            })
            .await
    }
}
