use jiff::civil::{Date, Weekday};
use seaworthy::{
    data::{chrono::TimeDelta, prelude::*},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{DeliveryMode, Role, Slot, events::SessionRescheduled, max_date};
use tutoring_identity::{Checks, TextField};

use super::{Actor, RESCHEDULE_DECIDE, Schedule};
use crate::{
    domain::{EndReason, Planned, SessionStatus, errors},
    store::{
        Entity, Flags, Reschedule, Session, allocations, reschedules, sessions, slots, time, zones,
    },
};

/// The minimum time until the new start of a session, so that both sides can plan.
const MIN_NOTICE: TimeDelta = TimeDelta::hours(4);

/// A request of a student or a trainer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewReschedule {
    session_id: Uuid,
    new_date: Date,
    new_time: Slot,
    reason: String,
    notes: Option<String>,
}

/// A change of a pending request. Absent fields stay as they are.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RescheduleChange {
    new_date: Option<Date>,
    new_time: Option<Slot>,
    reason: Option<String>,
    notes: Option<String>,
}

impl RescheduleChange {
    fn is_empty(&self) -> bool {
        self.new_date.is_none()
            && self.new_time.is_none()
            && self.reason.is_none()
            && self.notes.is_none()
    }
}

impl Schedule {
    /// Stores a request to move a session. The token names the requester.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `VALIDATION_ERROR`, or `CONFLICT` for a second pending request.
    pub(crate) async fn request_reschedule(
        &self,
        actor: &Actor,
        new: &NewReschedule,
    ) -> Result<Reschedule, Error> {
        let mut checks = Checks::new();
        let reason = checks.accept(TextField("reason", Some(&new.reason)).required());
        let notes = checks.accept(TextField("notes", new.notes.as_deref()).optional());
        checks.finish()?;
        self.database
            .transaction(|tx| async move {
                let session = self.movable(&tx, new.session_id).await?;
                let owners = [
                    (Role::Student, session.student_id),
                    (Role::Trainer, session.trainer_id),
                ];
                actor.require(&owners, None)?;
                let to = (new.new_date, new.new_time);
                self.require_time(&tx, &session, to).await?;
                let role = actor.role.map_or("", Role::as_str);
                let request = Reschedule {
                    id: Uuid::new_v4(),
                    session_id: session.id,
                    requested_by: actor.id,
                    requester_role: role.to_owned(),
                    new_date: new.new_date,
                    new_slot: new.new_time,
                    reason: reason.to_owned(),
                    notes: notes.map(str::to_owned),
                    status: "pending".to_owned(),
                    decided_by: None,
                    rejection_reason: None,
                    created_at: Utc::now(),
                };
                match reschedules::insert(&tx, &request).await? {
                    true => Ok(request),
                    false => Err(errors::already_requested()),
                }
            })
            .await
    }

    /// Changes a pending request of the caller.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` or `VALIDATION_ERROR`.
    pub(crate) async fn change_reschedule(
        &self,
        actor: &Actor,
        id: Uuid,
        change: &RescheduleChange,
    ) -> Result<Reschedule, Error> {
        // Unknown fields are ignored, so reject a change without known fields.
        if change.is_empty() {
            let problem = "must be set, or one of newTime, reason and notes";
            return Err(errors::invalid("newDate", problem));
        }
        self.database
            .transaction(|tx| async move {
                let mut request = self.own_request(&tx, actor, id).await?;
                request.new_date = change.new_date.unwrap_or(request.new_date);
                request.new_slot = change.new_time.unwrap_or(request.new_slot);
                if let Some(reason) = change.reason.as_deref() {
                    request.reason = TextField("reason", Some(reason)).required()?.to_owned();
                }
                if let Some(notes) = change.notes.as_deref() {
                    let notes = TextField("notes", Some(notes)).optional()?;
                    request.notes = notes.map(str::to_owned);
                }
                let to = (request.new_date, request.new_slot);
                let session = sessions::by_id(&tx, request.session_id).await?;
                let session = session.ok_or_else(|| errors::not_found("session"))?;
                self.require_time(&tx, &session, to).await?;
                reschedules::update(&tx, &request).await?;
                Ok(request)
            })
            .await
    }

    /// Cancels a pending request of the caller.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN` or `CONFLICT`.
    pub(crate) async fn cancel_reschedule(
        &self,
        actor: &Actor,
        id: Uuid,
    ) -> Result<Reschedule, Error> {
        self.database
            .transaction(|tx| async move {
                let mut request = self.own_request(&tx, actor, id).await?;
                request.status = "cancelled".to_owned();
                reschedules::update(&tx, &request).await?;
                Ok(request)
            })
            .await
    }

    /// Moves a session to the requested time. The new slot is checked in the same transaction.
    ///
    /// # Errors
    /// `NOT_FOUND`, `CONFLICT`, or `SLOT_TAKEN` if the new slot is not free.
    pub(crate) async fn approve_reschedule(
        &self,
        actor: &Actor,
        id: Uuid,
    ) -> Result<Reschedule, Error> {
        self.database
            .transaction(|tx| async move {
                // The end of an allocation locks it before the requests of its sessions.
                let known = reschedules::by_id(&tx, id).await?;
                let known = known.ok_or_else(|| errors::not_found("request"))?;
                self.require_entity(&tx, actor, Entity::Reschedule(id))
                    .await?;
                let mut session = self.movable(&tx, known.session_id).await?;
                let mut request = self.pending(&tx, id).await?;
                let before = times(&request, &session);
                let to = (request.new_date, request.new_slot);
                self.require_time(&tx, &session, to).await?;
                let to = Planned {
                    number: session.session_number,
                    date: request.new_date,
                    slot: request.new_slot,
                };
                slots::move_to(&tx, session.trainer_id, session.allocation_id, to).await?;
                self.end_journey_of(&tx, session.id, EndReason::Cancelled)
                    .await?;
                let moved = SessionRescheduled {
                    session_id: session.id,
                    old_date: session.scheduled_date,
                    new_date: to.date,
                    old_time_slot: session.slot.to_string(),
                    new_time_slot: to.slot.to_string(),
                    trainer_id: session.trainer_id,
                    student_id: session.student_id,
                };
                session.scheduled_date = to.date;
                session.slot = to.slot;
                session.start_minute = to.slot.start_minute();
                session.starts_at = time(self.zone.timestamp(to.date, session.start_minute));
                sessions::update(&tx, &session).await?;
                self.publish(&tx, moved).await?;
                let mut allocation = self.locked(&tx, session.allocation_id).await?;
                if self.set_days(&tx, &mut allocation).await? {
                    allocations::update(&tx, &allocation).await?;
                    self.publish_allocated(&tx, &allocation).await?;
                }
                request.status = "approved".to_owned();
                request.decided_by = Some(actor.id);
                reschedules::update(&tx, &request).await?;
                let changes = ("", before, times(&request, &session));
                self.record_decision(&tx, actor, id, changes).await?;
                Ok(request)
            })
            .await
    }

    /// Rejects a pending request.
    ///
    /// # Errors
    /// `NOT_FOUND` or `CONFLICT`.
    pub(crate) async fn reject_reschedule(
        &self,
        actor: &Actor,
        id: Uuid,
        reason: &str,
    ) -> Result<Reschedule, Error> {
        self.database
            .transaction(|tx| async move {
                self.require_entity(&tx, actor, Entity::Reschedule(id))
                    .await?;
                let mut request = self.pending(&tx, id).await?;
                let before = json!({ "status": request.status });
                request.status = "rejected".to_owned();
                request.decided_by = Some(actor.id);
                request.rejection_reason = Some(reason.to_owned());
                reschedules::update(&tx, &request).await?;
                let changes = (reason, before, json!({ "status": request.status }));
                self.record_decision(&tx, actor, id, changes).await?;
                Ok(request)
            })
            .await
    }

    async fn record_decision(
        &self,
        tx: &Transaction,
        actor: &Actor,
        id: Uuid,
        changes: (&str, Value, Value),
    ) -> Result<(), Error> {
        let action = ("reschedule.decide", RESCHEDULE_DECIDE);
        self.record(tx, actor, action, ("reschedule", id), changes)
            .await
    }

    async fn pending(&self, tx: &Transaction, id: Uuid) -> Result<Reschedule, Error> {
        pending(reschedules::lock(tx, id).await?)
    }

    async fn own_request(
        &self,
        tx: &Transaction,
        actor: &Actor,
        id: Uuid,
    ) -> Result<Reschedule, Error> {
        let known = reschedules::lock(tx, id).await?;
        // The existence of another user's request is private.
        pending(known.filter(|known| known.requested_by == actor.id))
    }

    async fn movable(&self, tx: &Transaction, id: Uuid) -> Result<Session, Error> {
        let session = self.locked_session(tx, id).await?;
        let allocation = self.locked(tx, session.allocation_id).await?;
        allocation.require_open()?;
        session.require(SessionStatus::Scheduled)?;
        // A substitute holds the session on its day only.
        match allocation.trainer_id == Some(session.trainer_id) {
            true => Ok(session),
            false => Err(errors::substituted()),
        }
    }

    /// Requires that a session may move to a date and slot.
    async fn require_time(
        &self,
        tx: &Transaction,
        session: &Session,
        (date, slot): (Date, Slot),
    ) -> Result<(), Error> {
        if (date, slot) == (session.scheduled_date, session.slot) {
            let problem = "must differ from the current date and slot of the session";
            return Err(errors::invalid("newDate", problem));
        }
        let start = time(self.zone.timestamp(date, slot.start_minute()));
        if start < Utc::now() + MIN_NOTICE {
            let problem = "must be at least 4 hours in the future";
            return Err(errors::invalid("newDate", problem));
        }
        if date > max_date(self.zone.today()) {
            return Err(errors::invalid("newDate", errors::MAX_DATE));
        }
        // A package with sessions on Sundays keeps them after the switch is off.
        if date.weekday() == Weekday::Sunday
            && !Flags::read(tx).await?.offers_sundays()
            && allocations::mode_of(tx, session.id).await? != Some(DeliveryMode::SundayOnly)
        {
            return Err(errors::invalid("newDate", "must not be a Sunday"));
        }
        let holidays = zones::holidays(tx, &date.to_string()).await?;
        match holidays.contains(&date.to_string()) {
            true => Err(errors::invalid("newDate", "is a day without sessions")),
            false => Ok(()),
        }
    }
}

/// Requires a pending request.
fn pending(known: Option<Reschedule>) -> Result<Reschedule, Error> {
    let known = known.ok_or_else(|| errors::not_found("request"))?;
    match known.status.as_str() {
        "pending" => Ok(known),
        status => Err(errors::wrong_state("request", status)),
    }
}

/// Returns the fields that an approval changes.
fn times(request: &Reschedule, session: &Session) -> Value {
    json!({
        "status": request.status,
        "date": session.scheduled_date,
        "timeSlot": session.slot,
    })
}
