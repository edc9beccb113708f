//! Messages about allocations and profiles, of which this service keeps a copy.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::events::{StudentChanged, StudentDeallocated, TrainerAllocated};
use tutoring_identity::Effect;

use super::Courses;
use crate::store::{AllocationCopy, Certificates, Trainers};

/// Returns the copy of the allocation in a message.
macro_rules! allocation {
    ($event:ident) => {
        &AllocationCopy {
            id: $event.allocation_id,
            student: $event.student_id,
            trainer: $event.trainer_id,
            course: $event.course_id,
        }
    };
}

impl Effect<Courses> for TrainerAllocated {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Courses) -> Result<(), Error> {
        Ok(Trainers::allocate(tx, allocation!(self)).await?)
    }
}

impl Effect<Courses> for StudentDeallocated {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Courses) -> Result<(), Error> {
        Ok(Trainers::end(tx, allocation!(self)).await?)
    }
}

impl Effect<Courses> for StudentChanged {
    /// Stores a name. Only the messages about the profile have one.
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Courses) -> Result<(), Error> {
        let Some(name) = self.snapshot.get("fullName") else {
            return Ok(());
        };
        let name = name.as_str().unwrap_or_default();
        Ok(Certificates::store_name(tx, self.student_id, self.version, name).await?)
    }
}
