use jiff::civil::{Date, Weekday};
use seaworthy::{data::Transaction, prelude::*};
use tutoring_contract::events::SessionSubstituted;
use tutoring_identity::TextField;

use super::{Actor, SUBSTITUTION_WRITE, Schedule};
use crate::{
    domain::{EndReason, Planned, SessionStatus, errors},
    store::{Candidates, Entity, Session, Substitution, sessions, slots, substitutions},
};

/// A session day that another trainer holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewSubstitution {
    session_date: Date,
    original_trainer_id: Uuid,
    student_id: Uuid,
    substitute_trainer_id: Uuid,
    reason: Option<String>,
}

impl Schedule {
    /// Gives a session day of a trainer to another one, and moves the reservation.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a Sunday or a past day, `NOT_FOUND` without a session, `SLOT_TAKEN`
    /// for a busy substitute, and `CONFLICT` for a second substitution.
    pub(crate) async fn substitute(
        &self,
        actor: &Actor,
        new: &NewSubstitution,
    ) -> Result<Substitution, Error> {
        let reason = TextField("reason", new.reason.as_deref()).optional()?;
        let date = new.session_date;
        if date.weekday() == Weekday::Sunday {
            return Err(errors::invalid(
                "sessionDate",
                "must be from Monday to Saturday",
            ));
        }
        if date < self.zone.today() {
            return Err(errors::invalid("sessionDate", "must not be in the past"));
        }
        if new.original_trainer_id == new.substitute_trainer_id {
            let problem = "must be another trainer";
            return Err(errors::invalid("substituteTrainerId", problem));
        }
        self.database
            .transaction(|tx| async move {
                let (original, student) = (new.original_trainer_id, new.student_id);
                // A refund reads the sessions and slots of an allocation under its lock.
                let session = match sessions::scheduled_on(&tx, original, student, date).await? {
                    Some(id) => Some(self.locked_session(&tx, id).await?),
                    None => None,
                };
                let session = session.filter(|session| {
                    session.status == SessionStatus::Scheduled
                        && session.trainer_id == original
                        && session.scheduled_date == date
                });
                let Some(session) = session else {
                    // A substituted session has another trainer.
                    let known = substitutions::of_day(&tx, original, student, date).await?;
                    let known = known.ok_or_else(|| errors::not_found("session"))?;
                    let known = Entity::Substitution(known);
                    self.require_entity(&tx, actor, known).await?;
                    return Err(errors::already_substituted());
                };
                let entity = Entity::Session(session.id);
                self.require_entity(&tx, actor, entity).await?;
                self.require_trainer(&tx, actor, new.substitute_trainer_id)
                    .await?;
                let substitution = Substitution {
                    id: Uuid::new_v4(),
                    session_date: date,
                    original_trainer_id: original,
                    student_id: student,
                    substitute_trainer_id: new.substitute_trainer_id,
                    session_id: session.id,
                    created_by: actor.id,
                };
                if !substitutions::insert(&tx, &substitution).await? {
                    return Err(errors::already_substituted());
                }
                self.reassign_session(&tx, session, new.substitute_trainer_id)
                    .await?;
                let action = ("substitution.create", SUBSTITUTION_WRITE);
                let reason = reason.unwrap_or_default();
                let changes = (
                    reason,
                    json!({ "trainerId": original }),
                    json!(substitution),
                );
                self.record(
                    &tx,
                    actor,
                    action,
                    ("substitution", substitution.id),
                    changes,
                )
                .await?;
                Ok(substitution)
            })
            .await
    }

    /// Reverts a substitution before its day.
    ///
    /// # Errors
    /// `NOT_FOUND`. `CONFLICT` from its day on, and while the session has a later substitution.
    /// `SLOT_TAKEN` if the original trainer has another session meanwhile.
    pub(crate) async fn revert(&self, actor: &Actor, id: Uuid) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                let known = substitutions::lock(&tx, id).await?;
                let known = known.ok_or_else(|| errors::not_found("substitution"))?;
                self.require_entity(&tx, actor, Entity::Substitution(id))
                    .await?;
                if known.session_date <= self.zone.today() {
                    return Err(errors::wrong_state("substitution", "in effect"));
                }
                let session = self.locked_session(&tx, known.session_id).await?;
                if session.status == SessionStatus::Scheduled {
                    let trainer = session.trainer_id;
                    if trainer == known.substitute_trainer_id {
                        self.reassign_session(&tx, session, known.original_trainer_id)
                            .await?;
                    } else if trainer != known.original_trainer_id {
                        return Err(errors::wrong_state(
                            "substitution",
                            "replaced by a later one",
                        ));
                    }
                }
                substitutions::delete(&tx, id).await?;
                let action = ("substitution.delete", SUBSTITUTION_WRITE);
                let after = json!({ "trainerId": known.original_trainer_id });
                let changes = ("", json!(known), after);
                self.record(&tx, actor, action, ("substitution", id), changes)
                    .await
            })
            .await
    }

    /// Moves a session and its slot to another approved trainer.
    async fn reassign_session(
        &self,
        tx: &Transaction,
        mut session: Session,
        to: Uuid,
    ) -> Result<(), Error> {
        let planned = Planned {
            number: session.session_number,
            date: session.scheduled_date,
            slot: session.slot,
        };
        let known = Candidates::lock(tx, to, None, session.slot, &[planned]).await?;
        let (known, _) = known.ok_or_else(|| errors::not_found("approved trainer"))?;
        if known.is_busy {
            return Err(errors::slot_taken());
        }
        slots::move_to(tx, to, session.allocation_id, planned).await?;
        self.end_journey_of(tx, session.id, EndReason::TrainerReplaced)
            .await?;
        let moved = SessionSubstituted {
            session_id: session.id,
            original_trainer_id: session.trainer_id,
            substitute_trainer_id: to,
            student_id: session.student_id,
            date: session.scheduled_date,
            time_slot: session.slot.to_string(),
        };
        session.trainer_id = to;
        sessions::update(tx, &session).await?;
        self.publish(tx, moved).await
    }
}
