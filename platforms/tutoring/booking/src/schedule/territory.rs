//! The limits of administrators. Ownership limits other callers.

use seaworthy::{data::Connection, prelude::*};
use tutoring_contract::Territory;

use super::{Actor, Creation, Schedule};
use crate::{
    domain::Place,
    store::{Allocation, Entity, TrainerCopies, copies, territories},
};

impl Schedule {
    /// Requires that an entity is in the territory of the caller. Accepts an entity that does not
    /// exist, so that the operation reports it.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub(crate) async fn require_entity(
        &self,
        connection: &dyn Connection,
        actor: &Actor,
        entity: Entity,
    ) -> Result<(), Error> {
        if actor.territory.is_everywhere() {
            return Ok(());
        }
        match territories::of(connection, entity).await? {
            Some(place) => actor.territory.require(Some(&place)),
            None => Ok(()),
        }
    }

    /// Requires that a place is in the territory of the caller.
    ///
    /// # Errors
    /// `FORBIDDEN`, also outside of all zones.
    pub(crate) async fn require_place(
        &self,
        connection: &dyn Connection,
        actor: &Actor,
        place: Option<Place>,
    ) -> Result<(), Error> {
        if actor.territory.is_everywhere() {
            return Ok(());
        }
        let found = match place {
            Some(place) => territories::of_place(connection, place).await?,
            None => None,
        };
        actor.territory.require(found.as_ref())
    }

    /// Requires that a trainer is in the territory of the caller: by the approved application, and
    /// by the zone of the confirmed place.
    ///
    /// # Errors
    /// `FORBIDDEN`, also for an unknown trainer.
    pub(crate) async fn require_trainer(
        &self,
        connection: &dyn Connection,
        actor: &Actor,
        trainer: Uuid,
    ) -> Result<(), Error> {
        if actor.territory.is_everywhere() {
            return Ok(());
        }
        let known = TrainerCopies::territory(connection, trainer).await?;
        let (stated, zone) = known.unwrap_or_default();
        let of_zone = match zone {
            Some(zone) => territories::of_zone(connection, zone).await?,
            None => None,
        };
        let of_zone = of_zone.unwrap_or_default();
        let place = Territory {
            state: stated.state.or(of_zone.state),
            district: stated.district.or(of_zone.district),
            zone: of_zone.zone.or(stated.zone),
            locality: stated.locality,
        };
        actor.territory.require(Some(&place))
    }

    /// Requires that the known place of the student and the place of the package are in the
    /// territory of the caller. If the profile has no place, that of the last allocation counts.
    /// The place in the request is not enough, because an allocation gives access to the student.
    ///
    /// # Errors
    /// `FORBIDDEN`, also for a student whose place is not known.
    pub(super) async fn require_creation(
        &self,
        connection: &dyn Connection,
        actor: &Actor,
        new: &Creation,
        last: Option<&Allocation>,
    ) -> Result<(), Error> {
        if actor.territory.is_everywhere() {
            return Ok(());
        }
        let known = match copies::place_of_student(connection, new.student).await? {
            Some(place) => Some(place),
            None => last.and_then(|last| last.package.place),
        };
        self.require_place(connection, actor, known).await?;
        let package = new.package.as_ref();
        match package.and_then(|(package, _)| package.place) {
            Some(place) => self.require_place(connection, actor, Some(place)).await,
            None => Ok(()),
        }
    }
}
