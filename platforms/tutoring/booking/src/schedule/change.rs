use jiff::civil::Date;
use seaworthy::{data::prelude::*, prelude::*};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tutoring_contract::Slot;
use tutoring_identity::TextField;

use super::{ALLOCATION_WRITE, Actor, Schedule};
use crate::{
    domain::errors,
    store::{Allocation, allocations, bookings, payments, sessions},
};

const REPLACED: &str = "replaced by another trainer";

/// A change of an open allocation by an administrator. Absent fields do not change.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllocationChange {
    trainer_id: Option<Uuid>,
    time_slot: Option<Slot>,
    start_date: Option<Date>,
    notes: Option<String>,
    /// Not supported. A request with this field is rejected, so that it is not ignored silently.
    status: Option<IgnoredAny>,
}

impl Schedule {
    /// Changes an open allocation. A pending allocation gets the given trainer, or a trainer by the
    /// rules. Another trainer of an approved allocation gets a new allocation for the remaining
    /// sessions, which is returned.
    ///
    /// # Errors
    /// `NOT_FOUND`, `VALIDATION_ERROR`, `SLOT_TAKEN`, or `CONFLICT` if the allocation has ended, or
    /// if the trainer does not meet the conditions.
    pub(crate) async fn change_allocation(
        &self,
        actor: &Actor,
        id: Uuid,
        change: &AllocationChange,
    ) -> Result<Allocation, Error> {
        let notes = TextField("notes", change.notes.as_deref()).optional()?;
        if change.status.is_some() {
            let problem = "cannot be set: approve, reject or cancel the allocation";
            return Err(errors::invalid("status", problem));
        }
        self.database
            .transaction(|tx| async move {
                let mut allocation = self.locked_for(&tx, actor, id).await?;
                allocation.require_open()?;
                let before = changeable_fields(&allocation);
                if change.notes.is_some() {
                    allocation.notes = notes.map(str::to_owned);
                    allocations::update(&tx, &allocation).await?;
                }
                let by = actor.id.to_string();
                let changed = match allocation.trainer_id {
                    None => self.change_pending(&tx, allocation, change, &by).await?,
                    Some(own) => {
                        require_no_new_time(change)?;
                        match change.trainer_id.filter(|trainer| *trainer != own) {
                            Some(trainer) => {
                                self.replace_trainer(&tx, allocation, trainer, &by).await?
                            }
                            None => allocation,
                        }
                    }
                };
                let changes = ("", before, changeable_fields(&changed));
                let action = ("allocation.change", ALLOCATION_WRITE);
                self.record(&tx, actor, action, ("allocation", id), changes)
                    .await?;
                Ok(changed)
            })
            .await
    }

    async fn change_pending(
        &self,
        tx: &Transaction,
        mut allocation: Allocation,
        change: &AllocationChange,
        by: &str,
    ) -> Result<Allocation, Error> {
        if let Some(slot) = change.time_slot {
            allocation.package.time_slot = slot;
        }
        if change.start_date.is_some() {
            allocation.package.start_date = change.start_date;
        }
        let is_new = change.time_slot.is_some() || change.start_date.is_some();
        if is_new {
            allocation.package.check_schedule(self.zone.today())?;
        }
        allocations::set_package(tx, &allocation).await?;
        match change.trainer_id.is_some() || is_new {
            true => {
                self.assign_chosen(tx, allocation, change.trainer_id, by)
                    .await
            }
            false => Ok(allocation),
        }
    }

    /// Ends an allocation, and opens one with another trainer for the remaining sessions.
    async fn replace_trainer(
        &self,
        tx: &Transaction,
        mut old: Allocation,
        trainer: Uuid,
        by: &str,
    ) -> Result<Allocation, Error> {
        let mut new = Allocation {
            id: Uuid::new_v4(),
            trainer_id: None,
            status: "pending".to_owned(),
            start_date: None,
            end_date: None,
            decided_by: None,
            created_at: Utc::now(),
            ..old.clone()
        };
        bookings::move_to(tx, old.id, new.id).await?;
        payments::move_to(tx, old.id, new.id).await?;
        self.end(tx, &mut old, "cancelled", by, REPLACED).await?;
        let begun = sessions::begun(tx, old.id).await?;
        new.session_count = old.session_count.saturating_sub(begun);
        if new.session_count == 0 {
            return Err(errors::nothing_left());
        }
        if !allocations::insert(tx, &new).await? {
            return Err(Error::internal("the student has another open allocation"));
        }
        self.assign_chosen(tx, new, Some(trainer), by).await
    }
}

/// Returns the fields that an administrator may change.
fn changeable_fields(allocation: &Allocation) -> Value {
    json!({
        "allocationId": allocation.id,
        "status": allocation.status,
        "trainerId": allocation.trainer_id,
        "timeSlot": allocation.package.time_slot,
        "startDate": allocation.package.start_date,
        "notes": allocation.notes,
    })
}

/// Rejects a change of time for an allocation with a trainer, because its slots are reserved.
fn require_no_new_time(change: &AllocationChange) -> Result<(), Error> {
    let problem = "can change only until a trainer is allocated: reschedule the sessions instead";
    match (change.time_slot, change.start_date) {
        (None, None) => Ok(()),
        (Some(_), _) => Err(errors::invalid("timeSlot", problem)),
        (None, Some(_)) => Err(errors::invalid("startDate", problem)),
    }
}
