//! Messages about allocations and profiles, of which this service keeps a copy.

use seaworthy::{data::prelude::*, outbox::Effect, prelude::*};
use tutoring_contract::events::{
    BusinessEvent, StudentChanged, StudentDeallocated, TrainerAllocated,
};

use super::Courses;
use crate::store::{AllocationCopy, certificates, territories, trainers};

/// Returns the copy of the allocation in a message.
macro_rules! allocation {
    ($event:expr) => {
        &AllocationCopy {
            id: $event.allocation_id,
            student: $event.student_id,
            trainer: $event.trainer_id,
            course: $event.course_id,
        }
    };
}

impl Effect<Courses> for BusinessEvent<TrainerAllocated> {
    async fn apply(&self, tx: &Transaction, _: &Courses) -> Result<(), Error> {
        if let Some(territory) = &self.data.territory {
            let at = DateTime::from_timestamp_millis(self.timestamp).unwrap_or_default();
            territories::store(tx, self.data.student_id, territory, at).await?;
        }
        Ok(trainers::allocate(tx, allocation!(self.data)).await?)
    }
}

impl Effect<Courses> for BusinessEvent<StudentDeallocated> {
    async fn apply(&self, tx: &Transaction, _: &Courses) -> Result<(), Error> {
        Ok(trainers::end(tx, allocation!(self.data)).await?)
    }
}

impl Effect<Courses> for BusinessEvent<StudentChanged> {
    /// Stores a name. Only the messages about the profile have one.
    async fn apply(&self, tx: &Transaction, _: &Courses) -> Result<(), Error> {
        let Some(name) = self.data.snapshot.get("fullName") else {
            return Ok(());
        };
        let name = name.as_str().unwrap_or_default();
        Ok(certificates::store_name(tx, self.data.student_id, self.data.version, name).await?)
    }
}
