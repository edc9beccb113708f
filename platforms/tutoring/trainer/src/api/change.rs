use seaworthy::{
    audit_log::{AuditEntry, members_detail},
    data::Transaction,
    prelude::*,
};
use serde_json::{Map, Value, json};
use tutoring_contract::{
    CallerTerritory, Role,
    events::{AdminOverride, BusinessEvent, message},
};
use tutoring_identity::caller;
use uuid::Uuid;

use super::{Api, TRAINER_WRITE};
use crate::{
    announce::announce,
    profile::{Availability, Location, Preference},
    store::{Trainer, trainers},
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
            Self::Profile(changed) => trainers::set_profile(tx, trainer, changed).await?,
            Self::Location(location) => trainers::set_location(tx, trainer.id, *location).await?,
            Self::Availability(given) => trainers::set_availability(tx, trainer.id, given).await?,
            Self::Preference(given) => trainers::set_preference(tx, trainer.id, *given).await?,
        }
        Ok(())
    }

    /// Changes a trainer, and stores the message about the change in the same transaction. Returns
    /// the changed trainer. Trainers change themselves everywhere.
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
                    record(api, &tx, admin, (&before, changed)).await?;
                }
                let trainer = trainers::lock(&tx, id).await?;
                announce(&tx, &backend.outbox, &trainer).await?;
                Ok::<_, Error>(trainer)
            })
            .await
    }
}

/// The action in the audit log and in the event.
const ACTION: &str = "trainer.profile";

/// Stores the audit entry and the event of an administrator's change. The event has no values of
/// the profile.
async fn record(
    api: &Api,
    tx: &Transaction,
    admin: Uuid,
    (before, after): (&Trainer, &Map<String, Value>),
) -> Result<(), Error> {
    let members = after
        .keys()
        .map(|name| (name.clone(), json!(before.member(name))));
    let members: Map<_, _> = members.collect();
    let entry = AuditEntry::new(ACTION)
        .target("trainer", before.id.to_string())
        .detail("permission", TRAINER_WRITE)
        .detail("before", members_detail(&members))
        .detail("after", members_detail(after));
    api.audit.append(tx, entry).await?;
    let names: Vec<_> = after.keys().collect();
    let done = AdminOverride {
        action: ACTION.to_owned(),
        target_id: before.id.to_string(),
        target_type: "trainer".to_owned(),
        changes: json!({ "members": names }),
        reason: String::new(),
    };
    let event = BusinessEvent::new(done).by(admin, Role::Admin);
    Ok(api.backend.outbox.store(tx, message(&event)).await?)
}
