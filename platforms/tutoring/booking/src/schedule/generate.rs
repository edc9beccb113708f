use std::collections::BTreeSet;

use seaworthy::{data::Transaction, prelude::*};
use tutoring_contract::events::SessionsGenerated;

use super::{ALLOCATION_WRITE, Actor, Schedule};
use crate::{
    domain::{DURATION_MIN, Mode, SessionStatus, start_minute},
    store::{Allocation, Session, allocations, sessions, slots, time},
};

/// Maximum number of allocations that one call repairs.
const BATCH: u32 = 100;

impl Schedule {
    /// Creates the sessions of the reserved slots that have none. A repeat changes nothing.
    ///
    /// # Errors
    /// An error of the database.
    pub(super) async fn generate(&self, tx: &Transaction, id: Uuid) -> Result<u64, Error> {
        let Some(allocation) = allocations::lock(tx, id).await? else {
            return Ok(0);
        };
        if !matches!(allocation.status.as_str(), "approved" | "active") {
            return Ok(0);
        }
        let known = sessions::of_allocation(tx, id).await?;
        let known: BTreeSet<_> = known.iter().map(|one| one.session_number).collect();
        let slots = slots::of_allocation(tx, id).await?;
        let missing = slots
            .iter()
            .filter(|one| !known.contains(&one.planned.number));
        let new: Vec<_> = missing
            .map(|reserved| {
                let planned = reserved.planned;
                let start_minute = start_minute(&allocation.package, planned.slot);
                let moment = self.zone.timestamp(planned.date, start_minute);
                let mode = Mode::of(allocation.package.class_type, planned.number);
                Session {
                    id: Uuid::new_v4(),
                    allocation_id: id,
                    session_number: planned.number,
                    student_id: allocation.student_id,
                    trainer_id: reserved.trainer,
                    course_id: allocation.course_id,
                    scheduled_date: planned.date,
                    slot: planned.slot,
                    start_minute,
                    starts_at: time(moment),
                    duration_min: DURATION_MIN,
                    mode,
                    status: SessionStatus::Scheduled,
                    place: allocation.place.filter(|_| mode == Mode::Home),
                    otp_hash: None,
                    otp_issued_at: None,
                    otp_attempts: 0,
                    started_at: None,
                    ended_at: None,
                    confirmed_at: None,
                    verification: serde_json::Value::Null,
                    notes: None,
                }
            })
            .collect();
        let created = sessions::insert(tx, &new).await?;
        if created > 0 {
            self.publish_generated(tx, &allocation).await?;
        }
        Ok(created)
    }

    async fn publish_generated(
        &self,
        tx: &Transaction,
        allocation: &Allocation,
    ) -> Result<(), Error> {
        let sessions = sessions::of_allocation(tx, allocation.id).await?;
        let no_start = || Error::internal("the allocation has no start");
        let generated = SessionsGenerated {
            allocation_id: allocation.id,
            trainer_id: allocation.trainer()?,
            student_id: allocation.student_id,
            course_id: allocation.course_id,
            session_count: allocation.session_count,
            session_ids: sessions.iter().map(|session| session.id).collect(),
            start_date: allocation.start_date.ok_or_else(no_start)?,
        };
        self.publish(tx, generated).await
    }

    /// Creates the missing sessions of one allocation for an administrator.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub(crate) async fn create_sessions(&self, actor: &Actor, id: Uuid) -> Result<u64, Error> {
        self.database
            .transaction(|tx| async move {
                self.locked_for(&tx, actor, id).await?;
                let known = sessions::of_allocation(&tx, id).await?.len() as u64;
                let created = self.generate(&tx, id).await?;
                if created > 0 {
                    let action = ("allocation.create_sessions", ALLOCATION_WRITE);
                    let sessions = |count: u64| json!({ "sessionCount": count });
                    let changes = ("", sessions(known), sessions(known + created));
                    self.record(&tx, actor, action, ("allocation", id), changes)
                        .await?;
                }
                Ok(created)
            })
            .await
    }

    /// Creates the missing sessions of allocations in a territory. Returns the number of new ones.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn create_pending_sessions(&self, actor: &Actor) -> Result<u64, Error> {
        let limit = (&actor.territory).into();
        let mut created = 0;
        for id in allocations::without_sessions(&self.database, &limit, BATCH).await? {
            created += self.create_sessions(actor, id).await?;
        }
        Ok(created)
    }
}
