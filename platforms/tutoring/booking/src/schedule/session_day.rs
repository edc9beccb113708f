use seaworthy::{
    data::{chrono::TimeDelta, prelude::*},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{LiveEvent, Role};
use tutoring_identity::TextField;

use super::{Actor, Schedule};
use crate::{
    domain::{Action, EndReason, Mode, Place, SessionStatus, errors},
    store::{Entity, Session, allocations, attendance, sessions},
};

/// The purpose of codes in their hashes.
const CODE_PURPOSE: &str = "session";
/// TTL of a code. The student reads it to the trainer immediately.
const CODE_TTL: TimeDelta = TimeDelta::minutes(10);
/// The event with a code for connected clients of the student.
const CODE_EVENT: &str = "session:otp";
/// Maximum number of attempts with one code. They succeed once in 200,000 codes.
const MAX_ATTEMPTS: u32 = 5;
/// Minimum interval between two codes, because each new code allows five more attempts.
const CODE_INTERVAL: TimeDelta = TimeDelta::seconds(60);
/// The attendance of a session that was held.
const PRESENT: &str = "present";
const ATTENDANCE: [&str; 4] = [PRESENT, "absent", "rescheduled", "cancelled"];

/// Where the trainer is at the start.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartRequest {
    trainer_location: Option<Place>,
}

/// Where the trainer is at the end.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndRequest {
    trainer_location: Option<Place>,
    notes: Option<String>,
}

impl Schedule {
    /// Starts a session of today for its trainer, who is at the student's place. Only the student
    /// gets the code. The journey to the session ends.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `CONFLICT`, `RATE_LIMITED`, or `VALIDATION_ERROR` outside of the
    /// radius.
    pub(crate) async fn start(
        &self,
        actor: &Actor,
        id: Uuid,
        request: &StartRequest,
    ) -> Result<Session, Error> {
        self.database
            .transaction(|tx| async move {
                let mut session = self.session_of_trainer(&tx, actor, id).await?;
                let next = session.after(Action::Start)?;
                // A session that has begun before its allocation ended continues.
                if session.status == SessionStatus::Scheduled {
                    let allocation = self.locked(&tx, session.allocation_id).await?;
                    allocation.require_open()?;
                }
                if session.scheduled_date != self.zone.today() {
                    return Err(errors::other_day());
                }
                let metres = self.require_near(&session, request.trainer_location)?;
                let now = Utc::now();
                let issued = session.otp_issued_at;
                let wait = issued.map_or(TimeDelta::zero(), |issued| issued + CODE_INTERVAL - now);
                if wait > TimeDelta::zero() {
                    let wait = wait.to_std().map_err(Error::internal)?;
                    return Err(errors::code_too_soon().with_retry_after(wait));
                }
                let (code, hash) = self.codes.issue(CODE_PURPOSE, &id.to_string());
                session.status = next;
                session.otp_hash = Some(hash);
                session.otp_issued_at = Some(now);
                session.otp_attempts = 0;
                set(&mut session, "startDistanceM", json!(metres));
                sessions::update(&tx, &session).await?;
                self.end_journey_of(&tx, id, EndReason::Arrived).await?;
                let expires_at = now + CODE_TTL;
                let text = format!("Your session code is {code}. Read it to your trainer.");
                let student = session.student_id;
                let data = json!({ "sessionId": id, "otp": code, "expiresAt": expires_at });
                self.send_code(&tx, student, &data).await?;
                let data = json!({
                    "kind": CODE_EVENT,
                    "sessionId": id,
                    "otp": code,
                    "expiresAt": expires_at,
                });
                self.notify_secretly(&tx, student, ("Your trainer has arrived", text), data)
                    .await?;
                Ok(session)
            })
            .await
    }

    /// Sends a code to the connected clients of the student. The outbox and the broker store it
    /// encrypted.
    async fn send_code(&self, tx: &Transaction, student: Uuid, data: &Value) -> Result<(), Error> {
        let event = LiveEvent::for_user(student, CODE_EVENT, data)?;
        let event = self.live.seal(event).await?;
        Ok(self.outbox.store(tx, event.message()).await?)
    }

    /// Returns the distance in whole metres, or `None` for an online session.
    fn require_near(&self, session: &Session, at: Option<Place>) -> Result<Option<i64>, Error> {
        let Some(place) = session.place.filter(|_| session.mode == Mode::Home) else {
            return Ok(None);
        };
        let at = at.ok_or_else(errors::no_trainer_location)?;
        let metres = at.distance_m(place);
        if metres > self.start_radius_m {
            let limit = self.start_radius_m;
            let problem = format!("must be within {limit:.0} m of the student's place");
            return Err(errors::invalid("trainerLocation", &problem));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the distance is at most the radius"
        )]
        let metres = metres.round() as i64;
        Ok(Some(metres))
    }

    /// Checks the code that the student has read to the trainer.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` or `INVALID_CODE`.
    pub(crate) async fn verify(
        &self,
        actor: &Actor,
        id: Uuid,
        code: &str,
    ) -> Result<Session, Error> {
        let verified = self
            .database
            .transaction(|tx| async move {
                let mut session = self.session_of_trainer(&tx, actor, id).await?;
                let next = session.after(Action::Verify)?;
                let now = Utc::now();
                let issued = session.otp_issued_at;
                let is_live = issued.is_some_and(|issued| now - issued < CODE_TTL)
                    && session.otp_attempts < MAX_ATTEMPTS;
                let hash = session.otp_hash.clone().unwrap_or_default();
                let (subject, code) = (id.to_string(), code.trim());
                if !is_live || !self.codes.matches(CODE_PURPOSE, &subject, code, &hash) {
                    // Commit the failed attempt, so that it counts.
                    session.otp_attempts = session.otp_attempts.saturating_add(1);
                    sessions::update(&tx, &session).await?;
                    return Ok(None);
                }
                session.status = next;
                session.otp_hash = None;
                session.started_at = Some(now);
                sessions::update(&tx, &session).await?;
                let mut allocation = self.locked(&tx, session.allocation_id).await?;
                if allocation.status == "approved" {
                    allocation.status = "active".to_owned();
                    allocations::update(&tx, &allocation).await?;
                }
                Ok::<_, Error>(Some(session))
            })
            .await?;
        verified.ok_or_else(errors::wrong_code)
    }

    /// Ends a session for its trainer. The student confirms it.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `CONFLICT`, or `VALIDATION_ERROR` without the trainer's place at
    /// the end of a session at home.
    pub(crate) async fn end_session(
        &self,
        actor: &Actor,
        id: Uuid,
        request: &EndRequest,
    ) -> Result<Session, Error> {
        let notes = TextField("notes", request.notes.as_deref()).optional()?;
        self.database
            .transaction(|tx| async move {
                let mut session = self.session_of_trainer(&tx, actor, id).await?;
                session.status = session.after(Action::End)?;
                if session.mode == Mode::Home && request.trainer_location.is_none() {
                    return Err(errors::no_trainer_location());
                }
                session.ended_at = Some(Utc::now());
                set(&mut session, "endLocation", json!(request.trainer_location));
                set(&mut session, "trainerNotes", json!(notes));
                sessions::update(&tx, &session).await?;
                let student = (session.student_id, Role::Student);
                let text = "Confirm that your session was held.".to_owned();
                let data = json!({ "kind": "session:ended", "sessionId": id });
                self.notify(&tx, student, ("Session ended", text), data)
                    .await?;
                Ok(session)
            })
            .await
    }

    /// Stores whether a session took place, for its trainer or an administrator.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN` or `VALIDATION_ERROR`.
    pub(crate) async fn attend(
        &self,
        actor: &Actor,
        id: Uuid,
        status: &str,
        notes: Option<&str>,
    ) -> Result<(), Error> {
        if !ATTENDANCE.contains(&status) {
            let problem = "must be present, absent, rescheduled or cancelled";
            return Err(errors::invalid("status", problem));
        }
        self.database
            .transaction(|tx| async move {
                let session = self.locked_session(&tx, id).await?;
                let trainer = [(Role::Trainer, session.trainer_id)];
                actor.require(&trainer, Some(super::SESSION_WRITE))?;
                self.require_entity(&tx, actor, Entity::Session(id)).await?;
                if status == PRESENT && session.starts_at > Utc::now() {
                    let problem = "must not be present before the session starts";
                    return Err(errors::invalid("status", problem));
                }
                let before = attendance::status_of(&tx, id).await?;
                attendance::store(&tx, id, status, notes, actor.id).await?;
                let changes = (
                    notes.unwrap_or_default(),
                    json!({ "attendance": before }),
                    json!({ "attendance": status }),
                );
                let action = ("session.attendance", super::SESSION_WRITE);
                self.record(&tx, actor, action, ("session", id), changes)
                    .await
            })
            .await
    }

    async fn session_of_trainer(
        &self,
        tx: &Transaction,
        actor: &Actor,
        id: Uuid,
    ) -> Result<Session, Error> {
        let session = self.locked_session(tx, id).await?;
        actor.require(&[(Role::Trainer, session.trainer_id)], None)?;
        Ok(session)
    }
}

/// Sets a field of the record of a session.
fn set(session: &mut Session, name: &str, value: Value) {
    if let Value::Object(members) = &mut session.verification {
        members.insert(name.to_owned(), value);
    }
}
