use jiff::Timestamp;
use seaworthy::{
    data::{chrono::TimeDelta, prelude::*},
    prelude::*,
};
use tutoring_contract::{
    Role,
    events::{AllocationRejected, SessionCancelled, StudentDeallocated},
};

use super::{ALLOCATION_WRITE, Actor, Schedule, decide::decided};
use crate::{
    domain::{Action, EndReason, SessionStatus, errors},
    store::{Allocation, Entity, Session, allocations, attendance, reschedules, sessions, slots},
};

/// The minimum time before the start at which a cancelled session is not charged. The slot can then
/// be used by another student.
const FREE_CANCELLATION: TimeDelta = TimeDelta::hours(12);
/// The status of an allocation that an administrator has rejected.
pub(super) const REJECTED: &str = "rejected";

impl Schedule {
    /// Cancels an allocation, its scheduled sessions and their slots.
    ///
    /// # Errors
    /// `NOT_FOUND`, or `CONFLICT` if it has ended.
    pub(crate) async fn cancel_allocation(
        &self,
        actor: &Actor,
        id: Uuid,
        reason: &str,
    ) -> Result<Allocation, Error> {
        self.database
            .transaction(|tx| async move {
                let mut allocation = self.locked_for(&tx, actor, id).await?;
                allocation.require_open()?;
                let (by, before) = (actor.id.to_string(), decided(&allocation));
                self.end(&tx, &mut allocation, "cancelled", &by, reason)
                    .await?;
                let action = ("allocation.cancel", ALLOCATION_WRITE);
                let changes = (reason, before, decided(&allocation));
                self.record(&tx, actor, action, ("allocation", id), changes)
                    .await?;
                Ok(allocation)
            })
            .await
    }

    /// Ends an open allocation. Its scheduled sessions are cancelled, and their slots are free.
    /// Sessions that have begun continue, and count as held.
    pub(super) async fn end(
        &self,
        tx: &Transaction,
        allocation: &mut Allocation,
        status: &str,
        decided_by: &str,
        reason: &str,
    ) -> Result<(), Error> {
        allocation.status = status.to_owned();
        allocation.decided_by = Some(decided_by.to_owned());
        allocation.reason = Some(reason.to_owned());
        allocations::update(tx, allocation).await?;
        reschedules::cancel_scheduled(tx, allocation.id).await?;
        for mut session in sessions::lock_scheduled(tx, allocation.id).await? {
            session.status = SessionStatus::Cancelled;
            self.publish_cancelled(tx, &mut session, reason).await?;
        }
        slots::free_unused(tx, allocation.id).await?;
        self.end_cancelled_journeys(tx, allocation.id).await?;
        let Some(trainer_id) = allocation.trainer_id else {
            if status != REJECTED {
                return Ok(());
            }
            let rejected = AllocationRejected {
                allocation_id: allocation.id,
                student_id: allocation.student_id,
                course_id: allocation.course_id,
                reason: reason.to_owned(),
            };
            return self.publish(tx, rejected).await;
        };
        let ended = StudentDeallocated {
            allocation_id: allocation.id,
            trainer_id,
            student_id: allocation.student_id,
            course_id: allocation.course_id,
            reason: reason.to_owned(),
            deallocated_at: Timestamp::now(),
        };
        self.publish(tx, ended).await
    }

    /// Cancels the last scheduled sessions until `left` sessions remain.
    pub(super) async fn drop_last(
        &self,
        tx: &Transaction,
        allocation: &mut Allocation,
        left: u16,
    ) -> Result<(), Error> {
        let mut excess = allocation.session_count - left;
        let sessions = sessions::of_allocation(tx, allocation.id).await?;
        let reserved = slots::of_allocation(tx, allocation.id).await?;
        for slot in reserved.iter().rev() {
            let number = slot.planned.number;
            let session = sessions.iter().find(|one| one.session_number == number);
            let is_open = session.is_none_or(|one| one.status == SessionStatus::Scheduled);
            if excess == 0 || !is_open {
                continue;
            }
            excess -= 1;
            slots::free(tx, allocation.id, number).await?;
            if let Some(session) = session {
                let mut session = session.clone();
                session.status = SessionStatus::Cancelled;
                let reason = "the payment was refunded";
                self.publish_cancelled(tx, &mut session, reason).await?;
            }
        }
        let reserved = slots::of_allocation(tx, allocation.id).await?;
        // Sessions that were held or are in progress remain.
        allocation.session_count = u16::try_from(reserved.len()).unwrap_or(left).max(left);
        self.set_days(tx, allocation).await?;
        allocations::update(tx, allocation).await?;
        if allocation.trainer_id.is_some() {
            self.publish_allocated(tx, allocation).await?;
        }
        self.end_cancelled_journeys(tx, allocation.id).await?;
        self.complete_if_held(tx, allocation).await
    }

    /// Stores a cancelled session, and publishes it.
    pub(super) async fn publish_cancelled(
        &self,
        tx: &Transaction,
        session: &mut Session,
        reason: &str,
    ) -> Result<(), Error> {
        session.notes = Some(reason.to_owned());
        sessions::update(tx, session).await?;
        reschedules::cancel_of_session(tx, session.id).await?;
        let cancelled = SessionCancelled {
            session_id: session.id,
            trainer_id: session.trainer_id,
            student_id: session.student_id,
            course_id: session.course_id,
            reason: reason.to_owned(),
        };
        self.publish(tx, cancelled).await
    }

    /// Cancels a session. An administrator can cancel it also after it has begun. Its slot becomes
    /// free, and a session is added at the end. If its student cancels it less than 12 hours before
    /// it starts, it counts as held instead.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN` or `CONFLICT`.
    pub(crate) async fn cancel_session(
        &self,
        actor: &Actor,
        id: Uuid,
        reason: &str,
    ) -> Result<Session, Error> {
        self.database
            .transaction(|tx| async move {
                let mut session = self.locked_session(&tx, id).await?;
                let owner = [(Role::Student, session.student_id)];
                actor.require(&owner, Some(super::SESSION_WRITE))?;
                self.require_entity(&tx, actor, Entity::Session(id)).await?;
                let mut allocation = self.locked(&tx, session.allocation_id).await?;
                let is_late = session.starts_at - Utc::now() < FREE_CANCELLATION;
                let is_student = actor.role == Some(Role::Student);
                let action = match is_late && is_student {
                    true => Action::CancelLate,
                    false => Action::Cancel,
                };
                if is_student {
                    session.require(SessionStatus::Scheduled)?;
                }
                let before = json!({ "status": session.status });
                session.status = session.after(action)?;
                session.otp_hash = None;
                self.end_journey_of(&tx, id, EndReason::Cancelled).await?;
                attendance::store(&tx, id, "cancelled", Some(reason), actor.id).await?;
                if action == Action::CancelLate {
                    session.notes = Some(reason.to_owned());
                    self.complete(&tx, &mut session, &mut allocation).await?;
                    return Ok(session);
                }
                slots::free(&tx, allocation.id, session.session_number).await?;
                self.publish_cancelled(&tx, &mut session, reason).await?;
                self.replace_session(&tx, &mut allocation).await?;
                let action = ("session.cancel", super::SESSION_WRITE);
                let changes = (reason, before, json!({ "status": session.status }));
                self.record(&tx, actor, action, ("session", id), changes)
                    .await?;
                Ok(session)
            })
            .await
    }

    /// Returns a session, locked after its allocation, as every transaction locks them.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub(super) async fn locked_session(
        &self,
        tx: &Transaction,
        id: Uuid,
    ) -> Result<Session, Error> {
        let known = sessions::by_id(tx, id).await?;
        let known = known.ok_or_else(|| errors::not_found("session"))?;
        allocations::lock(tx, known.allocation_id).await?;
        let known = sessions::lock(tx, id).await?;
        known.ok_or_else(|| errors::not_found("session"))
    }
}
