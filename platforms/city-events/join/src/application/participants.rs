//! Commands of users for their own join: create and cancel.

use chrono::TimeDelta;
use city_events_contract::{
    Timestamp,
    messages::{JoinCanceled, JoinCreated},
};
use seaworthy::data::Transaction;
use uuid::Uuid;

use super::{JoinError, Joins, batch::Execution, change_records, messages::message_about};
use crate::{
    domain::{
        Action, Actor, Candidate, Command, Decision, IdempotencyKey, JoinStatus, Outcome,
        Rejection, Seats, StatusChange, StoredJoin, admit, check_join,
    },
    store::{
        candidates, idempotency_keys,
        join_batch::{JoinChange, JoinRows},
        joins,
    },
};

/// The stored reason of a join that its user ended.
const SELF_CANCEL: &str = "self_cancel";

impl Joins {
    /// Joins an event or its waitlist. Returns the status of the join and its time.
    pub(crate) async fn join(
        &self,
        actor: Actor,
        event: Uuid,
        key: IdempotencyKey,
    ) -> Result<(JoinStatus, Timestamp), JoinError> {
        let action = Action::Join;
        self.submit(Command {
            actor,
            event,
            action,
            key,
        })
        .await
    }

    /// Leaves an event or its waitlist. Returns the status of the join and its time.
    pub(crate) async fn cancel(
        &self,
        actor: Actor,
        event: Uuid,
        key: IdempotencyKey,
    ) -> Result<(JoinStatus, Timestamp), JoinError> {
        let action = Action::Cancel;
        self.submit(Command {
            actor,
            event,
            action,
            key,
        })
        .await
    }

    /// Executes a command in a transaction that holds the lock of the seats. All checks come before
    /// the first write, so a rejection needs no rollback.
    pub(super) async fn execute<'a>(
        &self,
        execution: &mut Execution<'a>,
        candidate: Candidate,
        command: &'a Command,
    ) -> Result<Outcome, JoinError> {
        let candidate = if execution.with_cancels.contains(&command.event) {
            candidates::find(execution.tx, &command.key, command.event, command.actor.id).await?
        } else {
            candidate
        };
        let now = Timestamp::now();
        if let Some(outcome) = candidate.recorded_outcome(command, now)? {
            return Ok(outcome);
        }
        let has_seats = execution.seats.contains_key(&command.event);
        match (command.action, candidate.join) {
            (Action::Join, _) => self.execute_join(execution, &candidate, command, now).await,
            (Action::Cancel, Some(join)) if has_seats => {
                let has_waitlist = |seats: &Seats| seats.waitlisted > 0;
                if !execution
                    .seats
                    .get(&command.event)
                    .is_some_and(has_waitlist)
                {
                    return self
                        .cancel_without_waitlist(execution, join, command, now)
                        .await;
                }
                // A promotion reads the waitlist from the table.
                execution.flush().await?;
                execution.with_cancels.insert(command.event);
                let tx = execution.tx;
                let seats = execution.seats.get_mut(&command.event);
                let seats = seats.ok_or(Rejection::JoinNotFound)?;
                self.execute_cancel(tx, seats, join, command, now).await
            }
            (Action::Cancel, _) => Err(Rejection::JoinNotFound.into()),
        }
    }

    async fn execute_join<'a>(
        &self,
        execution: &mut Execution<'a>,
        candidate: &Candidate,
        command: &'a Command,
        now: Timestamp,
    ) -> Result<Outcome, JoinError> {
        let tx = execution.tx;
        let seats = execution.seats.get_mut(&command.event);
        let seats = seats.ok_or(Rejection::EventNotFound)?;
        check_join(seats, candidate, command.actor, now)?;
        let decision = match candidate.join {
            Some(join) if join.status.is_current() => Decision::AlreadyJoined,
            _ => admit(seats, self.waitlist),
        };
        let mut rows = JoinRows {
            command,
            outcome: Outcome { decision, at: now },
            key_expires_at: self.key_expiry(now),
            change: None,
        };
        if let Decision::Status(to) = decision {
            let at = seats.next_join_time(now);
            rows.outcome.at = at;
            // The ended join of the user is reused.
            if let Some(ended) = candidate.join {
                joins::reset(tx, ended.id, to, at).await?;
            }
            rows.change = Some(add_join(seats, candidate.join, to, at));
            let created = JoinCreated {
                event_id: seats.event,
                user_id: command.actor.id,
                status: to.as_str().to_owned(),
                seats: Some(seats.counts()),
            };
            execution
                .messages
                .add(message_about(seats.event, &created))?;
            let change = StatusChange {
                user: command.actor.id,
                from: candidate.join.map(|join| join.status),
                to,
                reason: None,
                actor: Some(command.actor.id),
                at,
            };
            change_records::log_after_commit(tx, seats.event, change);
        }
        let outcome = rows.outcome;
        execution.rows.push(rows);
        Ok(outcome)
    }

    /// Cancels a join of an event without a waitlist, so that no user is promoted.
    async fn cancel_without_waitlist<'a>(
        &self,
        execution: &mut Execution<'a>,
        join: StoredJoin,
        command: &'a Command,
        now: Timestamp,
    ) -> Result<Outcome, JoinError> {
        let (tx, user, to) = (execution.tx, command.actor.id, JoinStatus::Canceled);
        let seats = execution.seats.get_mut(&command.event);
        let seats = seats.ok_or(Rejection::JoinNotFound)?;
        let is_current = join.status.is_current();
        let outcome = Outcome {
            decision: Decision::Status(to),
            at: if is_current { now } else { join.updated_at },
        };
        let mut change = None;
        // Cancelling an ended join succeeds without effect.
        if is_current {
            joins::cancel(tx, join.id, user, SELF_CANCEL, now).await?;
            seats.apply_change(Some(join.status), to);
            change = Some(JoinChange {
                inserted: None,
                from: Some(join.status),
                to,
                reason: Some(SELF_CANCEL),
                revision: seats.revision,
                request_id: change_records::current_request_id(),
            });
            let canceled = JoinCanceled {
                event_id: seats.event,
                user_id: user,
                prev_status: join.status.as_str().to_owned(),
                seats: Some(seats.counts()),
            };
            execution
                .messages
                .add(message_about(seats.event, &canceled))?;
            let change = StatusChange {
                user,
                from: Some(join.status),
                to,
                reason: Some(SELF_CANCEL),
                actor: Some(user),
                at: now,
            };
            change_records::log_after_commit(tx, seats.event, change);
        }
        execution.rows.push(JoinRows {
            command,
            outcome,
            key_expires_at: self.key_expiry(now),
            change,
        });
        Ok(outcome)
    }

    async fn execute_cancel(
        &self,
        tx: &Transaction,
        seats: &mut Seats,
        join: StoredJoin,
        command: &Command,
        now: Timestamp,
    ) -> Result<Outcome, JoinError> {
        let is_current = join.status.is_current();
        // Cancelling an ended join succeeds without effect.
        let outcome = Outcome {
            decision: Decision::Status(JoinStatus::Canceled),
            at: if is_current { now } else { join.updated_at },
        };
        self.record_outcome(tx, command, &outcome, now).await?;
        if is_current {
            self.leave(tx, seats, command.actor.id, join, now).await?;
        }
        Ok(outcome)
    }

    async fn leave(
        &self,
        tx: &Transaction,
        seats: &mut Seats,
        user: Uuid,
        join: StoredJoin,
        now: Timestamp,
    ) -> Result<(), JoinError> {
        joins::cancel(tx, join.id, user, SELF_CANCEL, now).await?;
        seats.apply_change(Some(join.status), JoinStatus::Canceled);
        let change = StatusChange {
            user,
            from: Some(join.status),
            to: JoinStatus::Canceled,
            reason: Some(SELF_CANCEL),
            actor: Some(user),
            at: now,
        };
        change_records::record(tx, seats, change).await?;
        let canceled = JoinCanceled {
            event_id: seats.event,
            user_id: user,
            prev_status: join.status.as_str().to_owned(),
            seats: Some(seats.counts()),
        };
        self.store_message(tx, seats.event, &canceled).await?;
        self.promote_waitlisted(tx, seats, now).await
    }

    /// Records the outcome with the idempotency key.
    ///
    /// # Errors
    /// [`JoinError::KeyConflict`] if a command of another event has just used the key.
    async fn record_outcome(
        &self,
        tx: &Transaction,
        command: &Command,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), JoinError> {
        let expires_at = self.key_expiry(now);
        if idempotency_keys::insert(tx, command, outcome, now, expires_at).await? {
            Ok(())
        } else {
            Err(JoinError::KeyConflict)
        }
    }

    fn key_expiry(&self, now: Timestamp) -> Timestamp {
        let ttl = TimeDelta::from_std(self.key_ttl).unwrap_or(TimeDelta::MAX);
        let expires_at = now.get().checked_add_signed(ttl).unwrap_or(now.get());
        expires_at.into()
    }
}

/// Counts a join at the end of the queue of an event.
fn add_join(
    seats: &mut Seats,
    ended: Option<StoredJoin>,
    to: JoinStatus,
    at: Timestamp,
) -> JoinChange {
    let from = ended.map(|join| join.status);
    seats.joined_at = Some(at);
    seats.apply_change(from, to);
    JoinChange {
        inserted: ended.is_none().then(seaworthy::core::new_id),
        from,
        to,
        reason: None,
        revision: seats.revision,
        request_id: change_records::current_request_id(),
    }
}
