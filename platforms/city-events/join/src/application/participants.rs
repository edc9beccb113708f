//! Commands of users for the own join: join and cancel.

use chrono::TimeDelta;
use city_events_contract::{
    Moment,
    messages::{JoinCanceled, JoinCreated},
};
use seaworthy::data::Transaction;
use uuid::Uuid;

use super::{JoinError, Joins, changes};
use crate::{
    domain::{
        Action, Actor, Candidate, Command, CurrentJoin, Decision, IdempotencyKey, JoinStatus,
        Outcome, Refusal, Seats, StatusChange, admit, check_join,
    },
    store::{candidates, idempotency_keys, joins},
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
    ) -> Result<(JoinStatus, Moment), JoinError> {
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
    ) -> Result<(JoinStatus, Moment), JoinError> {
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
    /// the first write, so a refusal needs no rollback.
    pub(super) async fn execute(
        &self,
        tx: &Transaction,
        seats: &mut Option<Seats>,
        command: &Command,
    ) -> Result<Outcome, JoinError> {
        let candidate = candidates::find(tx, &command.key, command.event, command.actor.id).await?;
        let now = Moment::now();
        if let Some(outcome) = candidate.recorded_outcome(command, now)? {
            return Ok(outcome);
        }
        match command.action {
            Action::Join => {
                let seats = seats.as_mut().ok_or(Refusal::EventNotFound)?;
                self.execute_join(tx, seats, &candidate, command, now).await
            }
            Action::Cancel => {
                let (Some(seats), Some(join)) = (seats.as_mut(), candidate.join) else {
                    return Err(Refusal::JoinNotFound.into());
                };
                self.execute_cancel(tx, seats, join, command, now).await
            }
        }
    }

    async fn execute_join(
        &self,
        tx: &Transaction,
        seats: &mut Seats,
        candidate: &Candidate,
        command: &Command,
        now: Moment,
    ) -> Result<Outcome, JoinError> {
        check_join(seats, candidate, command.actor, now)?;
        let decision = match candidate.join {
            Some(join) if join.status.is_current() => Decision::AlreadyJoined,
            _ => admit(seats, self.waitlist),
        };
        let at = match decision {
            Decision::Status(_) => seats.next_join_time(now),
            Decision::Full | Decision::AlreadyJoined => now,
        };
        let outcome = Outcome { decision, at };
        self.record_outcome(tx, command, &outcome, now).await?;
        if let Decision::Status(to) = decision {
            self.create(tx, seats, command.actor.id, candidate.join, to, at)
                .await?;
        }
        Ok(outcome)
    }

    /// Stores a new join at the end of the queue, or reuses the ended join of the user.
    async fn create(
        &self,
        tx: &Transaction,
        seats: &mut Seats,
        user: Uuid,
        ended: Option<CurrentJoin>,
        to: JoinStatus,
        at: Moment,
    ) -> Result<(), JoinError> {
        seats.joined_at = Some(at);
        match ended {
            Some(join) => joins::reset(tx, join.id, to, at).await?,
            None => joins::insert(tx, seats.event, user, to, at).await?,
        }
        let from = ended.map(|join| join.status);
        seats.apply_change(from, to);
        let change = StatusChange {
            user,
            from,
            to,
            reason: None,
            actor: Some(user),
            at,
        };
        changes::record(tx, seats, change).await?;
        let created = JoinCreated {
            event_id: seats.event,
            user_id: user,
            status: to.as_str().to_owned(),
            seats: Some(seats.counts()),
        };
        self.store_message(tx, seats.event, &created).await?;
        Ok(())
    }

    async fn execute_cancel(
        &self,
        tx: &Transaction,
        seats: &mut Seats,
        join: CurrentJoin,
        command: &Command,
        now: Moment,
    ) -> Result<Outcome, JoinError> {
        let is_current = join.status.is_current();
        // The cancel of an ended join succeeds without effect.
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
        join: CurrentJoin,
        now: Moment,
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
        changes::record(tx, seats, change).await?;
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
    /// [`Refusal::IdempotencyKeyMismatch`] if a command of another event has just used the key.
    async fn record_outcome(
        &self,
        tx: &Transaction,
        command: &Command,
        outcome: &Outcome,
        now: Moment,
    ) -> Result<(), JoinError> {
        let ttl = TimeDelta::from_std(self.key_ttl).unwrap_or(TimeDelta::MAX);
        let expires_at = now.get().checked_add_signed(ttl).unwrap_or(now.get());
        if idempotency_keys::insert(tx, command, outcome, now, expires_at.into()).await? {
            Ok(())
        } else {
            Err(Refusal::IdempotencyKeyMismatch.into())
        }
    }
}
