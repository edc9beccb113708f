//! Execution of batches of commands, of one event or of several.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
};

use city_events_contract::Timestamp;
use futures::future::BoxFuture;
use seaworthy::{data::Transaction, outbox::OutboxBatch, prelude::*};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    JoinError, Joins,
    queues::{PendingCommand, WorkerSlot},
};
use crate::{
    domain::{Command, JoinStatus, Outcome, Seats},
    store::{
        candidates,
        join_batch::{self, JoinRows},
        seats,
    },
};

/// Maximum attempts of a batch that fails because of contention. Five lock timeouts of 3 s are half
/// of the timeout of a request.
const MAX_ATTEMPTS: u32 = 5;

/// The name of the tasks in logs.
const TASK: &str = "execute join commands";

/// The outcomes of a batch, in the order of its commands.
type Outcomes = Vec<Result<Outcome, JoinError>>;

/// The state of a transaction that executes a batch. It collects the rows and messages of joins,
/// so that few statements write them.
pub(super) struct Execution<'a> {
    pub(super) tx: &'a Transaction,
    pub(super) seats: HashMap<Uuid, Seats>,
    /// The revision of each event before the batch, or after the last write of its seats.
    written: HashMap<Uuid, i64>,
    /// Events in which a cancel of this batch may have promoted the users of later commands.
    pub(super) with_cancels: HashSet<Uuid>,
    pub(super) rows: Vec<JoinRows<'a>>,
    pub(super) messages: OutboxBatch<'a>,
}

impl Execution<'_> {
    /// Writes the collected rows and messages. The counts of the seats follow with the last rows.
    pub(super) async fn flush(&mut self) -> Result<(), JoinError> {
        self.write(&[]).await
    }

    async fn write(&mut self, changed: &[&Seats]) -> Result<(), JoinError> {
        let rows = mem::take(&mut self.rows);
        if !rows.is_empty()
            && !join_batch::insert(self.tx, &rows, changed, Timestamp::now()).await?
        {
            return Err(JoinError::KeyConflict);
        }
        self.messages.store(self.tx).await?;
        Ok(())
    }

    /// Writes everything that is not written.
    async fn finish(mut self) -> Result<(), JoinError> {
        let seats = mem::take(&mut self.seats);
        let mut changed: Vec<&Seats> = seats
            .values()
            .filter(|seats| self.written.get(&seats.event) != Some(&seats.revision))
            .collect();
        changed.sort_unstable_by_key(|seats| seats.event);
        if self.rows.is_empty() {
            seats::update_all(self.tx, &changed, Timestamp::now()).await?;
        }
        self.write(&changed).await
    }
}

impl Joins {
    /// Adds a command to the queue of its event and waits for its outcome.
    pub(super) async fn submit(
        &self,
        command: Command,
    ) -> Result<(JoinStatus, Timestamp), JoinError> {
        let (result, outcome) = oneshot::channel();
        let pending = PendingCommand {
            command,
            context: context::current(),
            result,
        };
        if let Some(slot) = self.queues.push(pending) {
            self.spawn_worker(slot);
        }
        let outcome = outcome.await.map_err(|_| JoinError::Overloaded)?;
        Ok(outcome?.into_result()?)
    }

    /// Starts a worker in a separate task, because an aborted request must not end the commands of
    /// others. It is a task of the service, so that a stop waits for its commits.
    fn spawn_worker(&self, slot: WorkerSlot) {
        let task: BoxFuture<'static, ()> = Box::pin(self.clone().execute_queued(slot));
        drop(self.tasks.spawn_in_new_context(TASK, task));
    }

    /// Executes queued commands until the queue is empty or another worker takes the rest.
    async fn execute_queued(self, mut slot: WorkerSlot) {
        loop {
            // Further commands arrive while the worker waits, so the permit comes first.
            let Ok(_permit) = self.concurrency.acquire_for_batch().await else {
                return;
            };
            let Some(mut batch) = slot.take_batch() else {
                return;
            };
            let contended = self.execute_batch(mem::take(&mut batch.commands)).await;
            if !contended.is_empty() {
                let events = contended.iter().flatten();
                let events = events.map(|pending| pending.command.event).collect();
                // Other workers continue with the other events while this one waits for locks.
                if let Some(slot) = batch.finish_except(&events) {
                    self.spawn_worker(slot);
                }
            }
            for commands in contended {
                let outcomes = self.attempt(&commands, MAX_ATTEMPTS - 1).await;
                send_outcomes(commands, outcomes);
            }
            batch.finish();
        }
    }

    /// Executes commands. Returns those of events with contention, which need further attempts.
    async fn execute_batch(&self, commands: Vec<PendingCommand>) -> Vec<Vec<PendingCommand>> {
        if commands.is_empty() {
            return Vec::new();
        }
        let mut by_event: HashMap<Uuid, usize> = HashMap::new();
        for pending in &commands {
            *by_event.entry(pending.command.event).or_default() += 1;
        }
        if by_event.len() == 1 {
            let outcomes = self.attempt(&commands, MAX_ATTEMPTS).await;
            send_outcomes(commands, outcomes);
            return Vec::new();
        }
        match self.attempt(&commands, 1).await {
            Err(error) if error.may_concern_one_event() => self.execute_by_event(commands).await,
            outcomes => {
                send_outcomes(commands, outcomes);
                Vec::new()
            }
        }
    }

    /// Executes the commands of each event alone, so that one event does not fail the others.
    /// Returns the commands of events with contention: their further attempts come last, so that
    /// one locked event delays the others by one lock timeout.
    async fn execute_by_event(
        &self,
        mut commands: Vec<PendingCommand>,
    ) -> Vec<Vec<PendingCommand>> {
        let mut contended = Vec::new();
        // A stable sort keeps the order of the commands of an event.
        commands.sort_by_key(|pending| pending.command.event);
        let mut commands = commands.into_iter().peekable();
        while let Some(first) = commands.next() {
            let event = first.command.event;
            let mut of_event = vec![first];
            while let Some(next) = commands.next_if(|next| next.command.event == event) {
                of_event.push(next);
            }
            match self.attempt(&of_event, 1).await {
                Err(error) if error.is_contention() => contended.push(of_event),
                outcomes => send_outcomes(of_event, outcomes),
            }
        }
        contended
    }

    async fn attempt(
        &self,
        commands: &[PendingCommand],
        max_attempts: u32,
    ) -> Result<Outcomes, JoinError> {
        let mut attempt = 1;
        loop {
            let outcomes = self
                .database
                .transaction(|tx| async move { self.execute_all(&tx, commands).await })
                .await;
            match outcomes {
                Err(error) if error.is_contention() && attempt < max_attempts => attempt += 1,
                outcomes => return outcomes,
            }
        }
    }

    /// Returns one outcome per command, or an error that rolls back all of them.
    async fn execute_all(
        &self,
        tx: &Transaction,
        commands: &[PendingCommand],
    ) -> Result<Outcomes, JoinError> {
        let events = commands.iter().map(|pending| pending.command.event);
        let seats = seats::lock_all(tx, events).await?;
        // Read after the locks, so that they show all earlier changes.
        let candidates =
            candidates::find_all(tx, commands.iter().map(|pending| &pending.command)).await?;
        let mut execution = Execution {
            tx,
            written: seats
                .iter()
                .map(|seats| (seats.event, seats.revision))
                .collect(),
            seats: seats
                .into_iter()
                .map(|seats| (seats.event, seats))
                .collect(),
            with_cancels: HashSet::new(),
            rows: Vec::new(),
            messages: self.outbox.batch(),
        };
        let mut outcomes = Vec::with_capacity(commands.len());
        for (pending, candidate) in commands.iter().zip(candidates) {
            let executed = self.execute(&mut execution, candidate, &pending.command);
            let outcome = match &pending.context {
                Some(context) => context::scope(Arc::clone(context), executed).await,
                None => executed.await,
            };
            match outcome {
                Err(error) if error.requires_rollback() => return Err(error),
                outcome => outcomes.push(outcome),
            }
        }
        execution.finish().await?;
        Ok(outcomes)
    }
}

/// Sends each request its outcome, or all of them the error of the batch.
fn send_outcomes(commands: Vec<PendingCommand>, outcomes: Result<Outcomes, JoinError>) {
    match outcomes {
        Ok(outcomes) => {
            for (pending, outcome) in commands.into_iter().zip(outcomes) {
                // The client of an aborted request repeats it with the same key.
                let _ = pending.result.send(outcome);
            }
        }
        Err(error) => {
            let error = Arc::new(Error::from(error));
            for pending in commands {
                let shared = JoinError::Batch(Arc::clone(&error));
                let _ = pending.result.send(Err(shared));
            }
        }
    }
}
