use seaworthy::{data::Transaction, prelude::*};
use serde_json::{Map, Value};
use tutoring_identity::Backend;
use uuid::Uuid;

use crate::{
    announce::announce,
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
                announce(&tx, &backend.outbox, &trainer).await?;
                Ok::<_, Error>(trainer)
            })
            .await
    }
}
