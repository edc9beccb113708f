use seaworthy::{data::Transaction, prelude::*};
use serde_json::{Value, json};
use tutoring_contract::CallerTerritory;

use super::{ALLOCATION_WRITE, Actor, Schedule, allocate::SYSTEM, cancel::REJECTED};
use crate::{
    domain::{Package, errors},
    store::{Allocation, Flags, TrainerCopies, allocations, copies, payments, sessions},
};

/// Maximum number of allocations that one step retries.
const BATCH: u32 = 50;

/// An allocation that is created without the event of a purchase.
#[derive(Debug, Clone)]
pub(crate) struct Creation {
    pub(crate) student: Uuid,
    pub(crate) course: Uuid,
    /// The package and its number of sessions. Without it, the last allocation of the student and
    /// course continues.
    pub(crate) package: Option<(Package, u16)>,
    pub(crate) trainer: Option<Uuid>,
    pub(crate) notes: Option<String>,
}

impl Schedule {
    /// Chooses a trainer for a pending allocation: the given one, or by the rules. If no trainer
    /// meets the conditions by the rules, the allocation stays pending with the reason.
    ///
    /// # Errors
    /// `NOT_FOUND`, or `CONFLICT` if it is not pending, or if the given trainer does not meet the
    /// conditions.
    pub(crate) async fn approve(
        &self,
        actor: &Actor,
        id: Uuid,
        trainer: Option<Uuid>,
    ) -> Result<Allocation, Error> {
        self.database
            .transaction(|tx| async move {
                let allocation = self.locked_for(&tx, actor, id).await?;
                if allocation.status != "pending" {
                    return Err(errors::wrong_state("allocation", &allocation.status));
                }
                let (by, before) = (actor.id.to_string(), decided(&allocation));
                let allocation = self.assign_chosen(&tx, allocation, trainer, &by).await?;
                let changes = ("", before, decided(&allocation));
                let action = ("allocation.approve", ALLOCATION_WRITE);
                self.record(&tx, actor, action, ("allocation", id), changes)
                    .await?;
                Ok(allocation)
            })
            .await
    }

    /// Rejects a pending allocation.
    ///
    /// # Errors
    /// `NOT_FOUND`, or `CONFLICT` if it is not pending.
    pub(crate) async fn reject(
        &self,
        actor: &Actor,
        id: Uuid,
        reason: &str,
    ) -> Result<Allocation, Error> {
        self.database
            .transaction(|tx| async move {
                let mut allocation = self.locked_for(&tx, actor, id).await?;
                if allocation.status != "pending" {
                    return Err(errors::wrong_state("allocation", &allocation.status));
                }
                let (by, before) = (actor.id.to_string(), decided(&allocation));
                self.end(&tx, &mut allocation, REJECTED, &by, reason)
                    .await?;
                let action = ("allocation.reject", ALLOCATION_WRITE);
                let changes = (reason, before, decided(&allocation));
                self.record(&tx, actor, action, ("allocation", id), changes)
                    .await?;
                Ok(allocation)
            })
            .await
    }

    /// Creates an allocation without a purchase event. An open one of the student and course is
    /// returned instead.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a package that is not offered, and without a package for a student
    /// who had none. `NOT_FOUND` for an unknown student, course or trainer. `CONFLICT` if no paid
    /// sessions are left, or if the given trainer does not meet the conditions.
    pub(crate) async fn create(&self, actor: &Actor, new: &Creation) -> Result<Allocation, Error> {
        if let Some((package, count)) = &new.package {
            if !package.allows(*count) {
                return Err(errors::not_priced());
            }
            package.check_schedule(self.zone.today())?;
        }
        self.database
            .transaction(|tx| async move {
                let owner = (new.student, new.course);
                if let Some(open) = allocations::lock_open(&tx, new.student, new.course).await? {
                    return self.locked_for(&tx, actor, open.id).await;
                }
                // Because of this lock, this call and a concurrent refund see each other's effect.
                let last = allocations::lock_last(&tx, new.student, new.course).await?;
                self.require_creation(&tx, actor, new, last.as_ref())
                    .await?;
                Self::require_known(&tx, new).await?;
                let (purchase, package, count) = match &new.package {
                    Some((package, count)) => {
                        let offer = (*count, Some(package.delivery_mode));
                        Flags::read(&tx).await?.require_offered(offer)?;
                        (None, package.clone(), *count)
                    }
                    None => Self::remaining(&tx, last).await?,
                };
                let (mut allocation, is_new) =
                    self.open(&tx, owner, purchase, package, count).await?;
                if !is_new {
                    return self.locked_for(&tx, actor, allocation.id).await;
                }
                allocation.notes.clone_from(&new.notes);
                let by = match actor.role {
                    Some(_) => actor.id.to_string(),
                    None => SYSTEM.to_owned(),
                };
                let allocation = self
                    .assign_chosen(&tx, allocation, new.trainer, &by)
                    .await?;
                let target = ("allocation", allocation.id);
                let changes = json!({ "status": allocation.status, "studentId": new.student });
                let action = ("allocation.create", ALLOCATION_WRITE);
                self.record(&tx, actor, action, target, ("", Value::Null, changes))
                    .await?;
                Ok(allocation)
            })
            .await
    }

    /// Requires that the student and the course of a new allocation exist.
    async fn require_known(tx: &Transaction, new: &Creation) -> Result<(), Error> {
        if !copies::has_student(tx, new.student).await? {
            return Err(errors::not_found("student"));
        }
        match copies::has_course(tx, new.course).await? {
            true => Ok(()),
            false => Err(errors::not_found("course")),
        }
    }

    /// Assigns the chosen trainer, or a trainer by the rules.
    ///
    /// # Errors
    /// `NOT_FOUND` for an unknown trainer, and `SLOT_TAKEN` or `CONFLICT` if the chosen trainer
    /// does not meet the conditions.
    pub(super) async fn assign_chosen(
        &self,
        tx: &Transaction,
        allocation: Allocation,
        chosen: Option<Uuid>,
        decided_by: &str,
    ) -> Result<Allocation, Error> {
        if let Some(trainer) = chosen
            && TrainerCopies::territory(tx, trainer).await?.is_none()
        {
            return Err(errors::not_found("trainer"));
        }
        let allocation = self.assign(tx, allocation, chosen, decided_by).await?;
        if chosen.is_none() || allocation.trainer_id.is_some() {
            return Ok(allocation);
        }
        let rejections = allocations::rejections(tx, allocation.id).await?;
        let reason = rejections.first().map(|first| first.reason.as_str());
        Err(match reason.or(allocation.reason.as_deref()) {
            Some(errors::SLOT_TAKEN) => errors::slot_taken(),
            reason => errors::trainer_not_eligible(reason.unwrap_or_default()),
        })
    }

    /// Returns the purchase, the package and the number of remaining sessions of the last
    /// allocation of a student and course.
    async fn remaining(
        tx: &Transaction,
        last: Option<Allocation>,
    ) -> Result<(Option<Uuid>, Package, u16), Error> {
        let last = last.ok_or_else(|| errors::invalid("schedule.timeSlot", "is missing"))?;
        let left = match last.purchase_id {
            Some(purchase) => {
                let paid = payments::paid_sessions(tx, purchase, last.id).await?;
                paid.saturating_sub(sessions::held_before(tx, purchase).await?)
            }
            None => {
                let begun = sessions::begun(tx, last.id).await?;
                last.session_count.saturating_sub(begun)
            }
        };
        match left {
            0 => Err(errors::nothing_left()),
            left => Ok((last.purchase_id, last.package, left)),
        }
    }

    /// Tries a batch of pending allocations in a territory again, for the worker or for an
    /// administrator. Returns those that have a trainer. An allocation that fails does not block
    /// the others.
    ///
    /// # Errors
    /// The last error of the database.
    pub(crate) async fn retry_pending(&self, actor: Option<&Actor>) -> Result<Vec<Uuid>, Error> {
        let (mut approved, mut result) = (Vec::new(), Ok(()));
        let everywhere = CallerTerritory::Everywhere;
        let limit = actor.map_or(&everywhere, |actor| &actor.territory).into();
        for id in allocations::pending(&self.database, &limit, BATCH).await? {
            match self.retry(actor, id).await {
                Ok(allocation) if allocation.status == "approved" => approved.push(id),
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(allocation = %id, %error, "a pending allocation failed and is retried later");
                    result = Err(error);
                }
            }
        }
        result.map(|()| approved)
    }

    /// Tries an allocation again if it is pending.
    async fn retry(&self, actor: Option<&Actor>, id: Uuid) -> Result<Allocation, Error> {
        self.database
            .transaction(|tx| async move {
                let pending = self.locked(&tx, id).await?;
                if pending.status != "pending" {
                    return Ok(pending);
                }
                let before = decided(&pending);
                let allocation = self.assign(&tx, pending, None, SYSTEM).await?;
                if let Some(actor) = actor.filter(|_| allocation.trainer_id.is_some()) {
                    let action = ("allocation.retry", ALLOCATION_WRITE);
                    let changes = ("", before, decided(&allocation));
                    self.record(&tx, actor, action, ("allocation", id), changes)
                        .await?;
                }
                Ok(allocation)
            })
            .await
    }
}

/// Returns the fields that a decision changes.
pub(super) fn decided(allocation: &Allocation) -> Value {
    json!({ "status": allocation.status, "trainerId": allocation.trainer_id })
}
