//! The limits of administrators. Ownership limits other callers.

use seaworthy::prelude::*;
use tutoring_contract::{CallerTerritory, Territory};
use uuid::Uuid;

use super::{Creation, Schedule};
use crate::{
    domain::Place,
    store::{Entity, TrainerCopies, allocations, copies, sessions, territories},
};

impl Schedule {
    /// Requires that an entity is in the territory of the caller. Accepts an entity that does not
    /// exist, so that the operation reports it.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub(crate) async fn require_entity(
        &self,
        territory: &CallerTerritory,
        entity: Entity,
    ) -> Result<(), Error> {
        if territory.is_everywhere() {
            return Ok(());
        }
        match territories::of(&self.database, entity).await? {
            Some(place) => territory.require(Some(&place)),
            None => Ok(()),
        }
    }

    /// Requires that a place is in the territory of the caller.
    ///
    /// # Errors
    /// `FORBIDDEN`, also outside of all zones.
    pub(crate) async fn require_place(
        &self,
        territory: &CallerTerritory,
        place: Option<Place>,
    ) -> Result<(), Error> {
        if territory.is_everywhere() {
            return Ok(());
        }
        let found = match place {
            Some(place) => territories::of_place(&self.database, place).await?,
            None => None,
        };
        territory.require(found.as_ref())
    }

    /// Requires that a trainer is in the territory of the caller: by the approved application, and
    /// by the zone of the confirmed place.
    ///
    /// # Errors
    /// `FORBIDDEN`, also for an unknown trainer.
    pub(crate) async fn require_trainer(
        &self,
        territory: &CallerTerritory,
        trainer: Uuid,
    ) -> Result<(), Error> {
        if territory.is_everywhere() {
            return Ok(());
        }
        let known = TrainerCopies::territory(&self.database, trainer).await?;
        let (stated, zone) = known.unwrap_or_default();
        let of_zone = match zone {
            Some(zone) => territories::of_zone(&self.database, zone).await?,
            None => None,
        };
        let of_zone = of_zone.unwrap_or_default();
        let place = Territory {
            state: stated.state.or(of_zone.state),
            district: stated.district.or(of_zone.district),
            zone: of_zone.zone.or(stated.zone),
            locality: stated.locality,
        };
        territory.require(Some(&place))
    }

    /// Requires that a new allocation is in the territory of the caller: the open allocation, or the
    /// known place of the student and the place of the package. The request alone proves nothing,
    /// because an allocation gives access to the student.
    ///
    /// # Errors
    /// `FORBIDDEN`, also for a student whose place is not known.
    pub(crate) async fn require_creation(
        &self,
        territory: &CallerTerritory,
        new: &Creation,
    ) -> Result<(), Error> {
        if territory.is_everywhere() {
            return Ok(());
        }
        let last = allocations::last(&self.database, new.student, new.course).await?;
        if let Some(open) = last.as_ref().filter(|last| last.is_open()) {
            let open = Entity::Allocation(open.id);
            return self.require_entity(territory, open).await;
        }
        let known = match copies::place_of_student(&self.database, new.student).await? {
            Some(place) => Some(place),
            None => last.and_then(|last| last.package.place),
        };
        self.require_place(territory, known).await?;
        let package = new.package.as_ref();
        match package.and_then(|(package, _)| package.place) {
            Some(place) => self.require_place(territory, Some(place)).await,
            None => Ok(()),
        }
    }

    /// Requires that the sessions of a trainer and a student on a day, and the substitute, are in
    /// the territory of the caller.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub(crate) async fn require_substitution(
        &self,
        territory: &CallerTerritory,
        new: &super::NewSubstitution,
    ) -> Result<(), Error> {
        if territory.is_everywhere() {
            return Ok(());
        }
        self.require_trainer(territory, new.substitute_trainer_id)
            .await?;
        let (trainer, student, date) = new.day();
        for id in sessions::of_day(&self.database, trainer, student, date).await? {
            self.require_entity(territory, Entity::Session(id)).await?;
        }
        Ok(())
    }
}
