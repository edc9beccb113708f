use seaworthy::{audit_log::AuditEntry, data::prelude::*, prelude::*};
use tutoring_contract::CallerTerritory;

use super::{Courses, Viewer};
use crate::{
    errors,
    store::{Purchase, territories, trainers},
};

/// The number of sessions of a level.
const SESSIONS_OF_LEVEL: u8 = 10;
/// The level that every purchase unlocks.
pub(super) const FIRST_LEVEL: u8 = 1;

/// Returns why a purchase does not unlock a level, or `None` if it does. Levels count from 1.
pub(crate) fn rejection(purchase: Option<&Purchase>, level: u8) -> Option<&'static str> {
    match purchase {
        None => Some("the course is not purchased"),
        Some(purchase) if purchase.expires_at.is_some_and(|end| end <= Utc::now()) => {
            Some("the purchase has expired")
        }
        Some(purchase) if purchase.purchase_tier < level * SESSIONS_OF_LEVEL => {
            Some("the purchase does not include the level")
        }
        Some(_) => None,
    }
}

/// Requires that a purchase unlocks a level.
///
/// # Errors
/// `FORBIDDEN`.
pub(super) fn require_access(purchase: Option<&Purchase>, level: u8) -> Result<(), Error> {
    match rejection(purchase, level) {
        None => Ok(()),
        Some(reason) => Err(errors::no_access(reason)),
    }
}

impl Courses {
    /// Requires that a student is in the territory of the caller.
    ///
    /// # Errors
    /// `FORBIDDEN`, also for a student without an allocation.
    pub(crate) async fn require_student(
        &self,
        territory: &CallerTerritory,
        student: Uuid,
    ) -> Result<(), Error> {
        if territory.is_everywhere() {
            return Ok(());
        }
        let place = territories::of(&self.database, student).await?;
        territory.require(place.as_ref())
    }

    /// Returns the user who may decide on the work of a student in a course. This is the trainer of
    /// the student, or an administrator of the territory. For an administrator, the audit log gets
    /// `entry`. Other users get the error `not_found`.
    ///
    /// # Errors
    /// `NOT_FOUND` or `FORBIDDEN`.
    pub(super) async fn require_reviewer(
        &self,
        tx: &Transaction,
        (viewer, territory): (Viewer, &CallerTerritory),
        (student, course): (Uuid, Uuid),
        entry: AuditEntry,
        not_found: fn() -> Error,
    ) -> Result<Uuid, Error> {
        match viewer {
            Viewer::Trainer(trainer) => {
                match trainers::teaches(tx, trainer, Some(student), Some(course)).await? {
                    true => Ok(trainer),
                    false => Err(not_found()),
                }
            }
            Viewer::Student(_) => Err(not_found()),
            Viewer::Admin(admin) => {
                let place = territories::of(tx, student).await?;
                territory.require(place.as_ref())?;
                self.audit.append(tx, entry).await?;
                Ok(admin)
            }
        }
    }
}
