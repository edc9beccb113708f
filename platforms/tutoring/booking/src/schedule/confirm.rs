use jiff::Timestamp;
use seaworthy::{
    data::{chrono::TimeDelta, prelude::*},
    prelude::*,
};
use tutoring_contract::{Role, events::SessionCompleted};

use super::{Actor, SESSION_WRITE, Schedule};
use crate::{
    domain::{Action, SessionStatus},
    store::{
        Allocation, Entity, Session, allocations, attendance, moment, reschedules, sessions, slots,
    },
};

/// The time after which the service confirms a session automatically, so that the trainer is paid
/// if the student does not respond.
const AUTOMATIC_CONFIRMATION: TimeDelta = TimeDelta::hours(24);
/// Maximum number of sessions that one step confirms.
const BATCH: u32 = 100;
const AUTOMATIC_NOTE: &str = "confirmed automatically after 24 hours";

impl Schedule {
    /// Stores the student's answer to an ended session. A repeated confirmation changes nothing.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN` or `CONFLICT`.
    pub(crate) async fn confirm(
        &self,
        actor: &Actor,
        id: Uuid,
        confirmed: bool,
        notes: Option<&str>,
    ) -> Result<Session, Error> {
        self.database
            .transaction(|tx| async move {
                let mut session = self.locked_session(&tx, id).await?;
                actor.require(&[(Role::Student, session.student_id)], None)?;
                if confirmed && session.status == SessionStatus::Completed {
                    return Ok(session);
                }
                // Only an administrator decides a dispute.
                session.require(SessionStatus::PendingConfirmation)?;
                let action = match confirmed {
                    true => Action::Confirm,
                    false => Action::Dispute,
                };
                session.status = session.after(action)?;
                session.notes = notes.map(str::to_owned);
                if confirmed {
                    attendance::store(&tx, id, "present", notes, actor.id).await?;
                    let mut allocation = self.locked(&tx, session.allocation_id).await?;
                    self.complete(&tx, &mut session, &mut allocation).await?;
                } else {
                    sessions::update(&tx, &session).await?;
                    let data = json!({ "sessionId": id });
                    let text = "A student disputes a session.";
                    self.notify_operators(&tx, "Session is disputed", text, &data)
                        .await?;
                }
                Ok(session)
            })
            .await
    }

    /// Decides a disputed session.
    ///
    /// # Errors
    /// `NOT_FOUND` or `CONFLICT`.
    pub(crate) async fn resolve(
        &self,
        actor: &Actor,
        id: Uuid,
        was_held: bool,
        reason: &str,
    ) -> Result<Session, Error> {
        self.database
            .transaction(|tx| async move {
                let mut session = self.locked_session(&tx, id).await?;
                self.require_entity(&tx, actor, Entity::Session(id)).await?;
                session.require(SessionStatus::Disputed)?;
                let mut allocation = self.locked(&tx, session.allocation_id).await?;
                let (action, attendance) = match was_held {
                    true => (Action::Confirm, "present"),
                    false => (Action::Cancel, "absent"),
                };
                session.status = session.after(action)?;
                attendance::store(&tx, id, attendance, Some(reason), actor.id).await?;
                if was_held {
                    self.complete(&tx, &mut session, &mut allocation).await?;
                } else {
                    // The student has paid for a session that was not held.
                    slots::free(&tx, allocation.id, session.session_number).await?;
                    self.publish_cancelled(&tx, &mut session, reason).await?;
                    self.replace_session(&tx, &mut allocation).await?;
                }
                let changes = (
                    reason,
                    json!({ "status": SessionStatus::Disputed }),
                    json!({ "status": session.status }),
                );
                let action = ("session.resolve", SESSION_WRITE);
                self.record(&tx, actor, action, ("session", id), changes)
                    .await?;
                Ok(session)
            })
            .await
    }

    /// Confirms a batch of sessions that their students have not answered. Returns whether there
    /// may be more. A session that is not confirmed does not block the others.
    ///
    /// # Errors
    /// The last error of the database.
    pub(crate) async fn confirm_unanswered(&self) -> Result<bool, Error> {
        let before = Utc::now() - AUTOMATIC_CONFIRMATION;
        let waiting = sessions::unconfirmed(&self.database, before, BATCH).await?;
        let mut result = Ok(waiting.len() == BATCH as usize);
        for id in waiting {
            if let Err(error) = self.confirm_automatically(id).await {
                tracing::warn!(session = %id, %error, "a session was not confirmed and is retried later");
                result = Err(error);
            }
        }
        result
    }

    async fn confirm_automatically(&self, id: Uuid) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                let mut session = self.locked_session(&tx, id).await?;
                if session.status != SessionStatus::PendingConfirmation {
                    return Ok(());
                }
                session.status = SessionStatus::Completed;
                session.notes = Some(AUTOMATIC_NOTE.to_owned());
                let by = session.trainer_id;
                attendance::store(&tx, id, "present", Some(AUTOMATIC_NOTE), by).await?;
                let mut allocation = self.locked(&tx, session.allocation_id).await?;
                self.complete(&tx, &mut session, &mut allocation).await
            })
            .await
    }

    /// Stores a completed session with its event, which is published once: the state allows no
    /// second completion.
    pub(super) async fn complete(
        &self,
        tx: &Transaction,
        session: &mut Session,
        allocation: &mut Allocation,
    ) -> Result<(), Error> {
        session.confirmed_at = Some(Utc::now());
        sessions::update(tx, session).await?;
        reschedules::cancel_of_session(tx, session.id).await?;
        let completed = SessionCompleted {
            session_id: session.id,
            trainer_id: session.trainer_id,
            student_id: session.student_id,
            course_id: session.course_id,
            completed_at: Timestamp::now(),
            duration: session.duration_min,
            scheduled_at: moment(session.starts_at),
            started_at: session.started_at.and_then(moment),
        };
        self.publish(tx, completed).await?;
        self.complete_if_held(tx, allocation).await
    }

    /// Completes an allocation whose sessions were all held.
    pub(super) async fn complete_if_held(
        &self,
        tx: &Transaction,
        allocation: &mut Allocation,
    ) -> Result<(), Error> {
        let held = sessions::completed(tx, allocation.id).await?;
        let has_sessions = matches!(allocation.status.as_str(), "approved" | "active");
        if has_sessions && held >= allocation.session_count {
            allocation.status = "completed".to_owned();
            allocations::update(tx, allocation).await?;
        }
        Ok(())
    }
}
