use seaworthy::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{ALLOCATION_WRITE, Actor, Schedule, allocate::SYSTEM};
use crate::{
    domain::{Package, errors},
    store::{Allocation, Allocations},
};

/// Allocations that one step tries again.
const BATCH: u32 = 50;

impl Schedule {
    /// Chooses a trainer for a pending allocation: the given one, or by the rules. If no trainer
    /// meets the conditions, the allocation stays pending with the reason.
    ///
    /// # Errors
    /// `NOT_FOUND`, or `CONFLICT` if it is not pending.
    pub(crate) async fn approve(
        &self,
        actor: Actor,
        id: Uuid,
        trainer: Option<Uuid>,
    ) -> Result<Allocation, Error> {
        self.database
            .transaction(|tx| async move {
                let allocation = self.locked(&tx, id).await?;
                if allocation.status != "pending" {
                    return Err(errors::wrong_state("allocation", &allocation.status));
                }
                let by = actor.id.to_string();
                let allocation = self.assign(&tx, allocation, trainer, &by).await?;
                let changes = json!({
                    "status": allocation.status,
                    "trainerId": allocation.trainer_id,
                });
                let action = ("allocation.approve", ALLOCATION_WRITE);
                self.record(&tx, actor, action, ("allocation", id), ("", changes))
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
        actor: Actor,
        id: Uuid,
        reason: &str,
    ) -> Result<Allocation, Error> {
        self.database
            .transaction(|tx| async move {
                let mut allocation = self.locked(&tx, id).await?;
                if allocation.status != "pending" {
                    return Err(errors::wrong_state("allocation", &allocation.status));
                }
                let by = actor.id.to_string();
                self.end(&tx, &mut allocation, "rejected", &by, reason)
                    .await?;
                let action = ("allocation.reject", ALLOCATION_WRITE);
                let changes = (reason, json!({ "status": "rejected" }));
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
    /// `VALIDATION_ERROR` for a package that is not offered.
    pub(crate) async fn create(
        &self,
        actor: Actor,
        (student, course): (Uuid, Uuid),
        package: &Package,
        session_count: u16,
        trainer: Option<Uuid>,
    ) -> Result<Allocation, Error> {
        if !package.allows(session_count) {
            return Err(errors::not_priced());
        }
        self.database
            .transaction(|tx| async move {
                let owner = (student, course);
                let (allocation, is_new) = self
                    .open(&tx, owner, None, package.clone(), session_count)
                    .await?;
                if !is_new {
                    return Ok(allocation);
                }
                let by = match actor.role {
                    Some(_) => actor.id.to_string(),
                    None => SYSTEM.to_owned(),
                };
                let allocation = self.assign(&tx, allocation, trainer, &by).await?;
                let target = ("allocation", allocation.id);
                let changes = json!({ "status": allocation.status, "studentId": student });
                let action = ("allocation.create", ALLOCATION_WRITE);
                self.record(&tx, actor, action, target, ("", changes))
                    .await?;
                Ok(allocation)
            })
            .await
    }

    /// Tries a batch of pending allocations again. Returns those that have a trainer.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn retry_pending(&self) -> Result<Vec<Uuid>, Error> {
        let mut approved = Vec::new();
        for id in Allocations::pending(&self.database, BATCH).await? {
            let allocation = self
                .database
                .transaction(|tx| async move {
                    let allocation = self.locked(&tx, id).await?;
                    match allocation.status.as_str() {
                        "pending" => self.assign(&tx, allocation, None, SYSTEM).await,
                        _ => Ok(allocation),
                    }
                })
                .await?;
            if allocation.status == "approved" {
                approved.push(id);
            }
        }
        Ok(approved)
    }
}
