//! Batches of commands of the same event.
//!
//! A transaction holds the lock of the event until its commit is on disk. With one transaction per
//! command, two thousand requests would wait for two thousand commits. A task per event therefore
//! executes the waiting commands in the order of arrival, up to a batch in one transaction. A single
//! command does not wait for others.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use city_events_contract::Moment;
use parking_lot::Mutex;
use seaworthy::{data::Transaction, prelude::*, service::Tasks};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{JoinError, Joins};
use crate::{
    domain::{Command, JoinStatus, Outcome},
    store::seats,
};

/// Attempts of a batch that fails because of contention. Five lock timeouts of 3 s are half of the
/// timeout of a request.
const MAX_ATTEMPTS: u32 = 5;

/// The name of the tasks in logs.
const TASK: &str = "execute join commands of an event";

/// A command in the queue.
#[derive(Debug)]
struct PendingCommand {
    command: Command,
    /// The context of the request, for messages and log lines.
    context: Option<Arc<RequestContext>>,
    result: oneshot::Sender<Result<Outcome, JoinError>>,
}

/// A queue of commands per event. An event has an entry while a task processes its queue.
#[derive(Debug, Clone)]
pub(crate) struct CommandQueues {
    events: Arc<Mutex<HashMap<Uuid, VecDeque<PendingCommand>>>>,
    tasks: Tasks,
    max_batch_size: usize,
}

impl CommandQueues {
    /// Creates empty queues, whose commands `tasks` executes in batches of at most `max_batch_size`.
    pub(crate) fn new(tasks: &Tasks, max_batch_size: usize) -> Self {
        Self {
            events: Arc::default(),
            tasks: tasks.clone(),
            max_batch_size,
        }
    }

    /// Adds a command to the queue of its event. Returns `true` if no task processes the queue.
    fn push(&self, pending: PendingCommand) -> bool {
        let mut events = self.events.lock();
        let event = pending.command.event;
        let is_new = !events.contains_key(&event);
        events.entry(event).or_default().push_back(pending);
        is_new
    }

    /// Removes the next batch from the queue of an event, without the commands of aborted requests.
    /// Removes the entry of the event if the batch is empty.
    fn take_batch(&self, event: Uuid) -> Vec<PendingCommand> {
        let mut events = self.events.lock();
        let mut batch = Vec::new();
        if let Some(queue) = events.get_mut(&event) {
            while batch.len() < self.max_batch_size
                && let Some(pending) = queue.pop_front()
            {
                if !pending.result.is_closed() {
                    batch.push(pending);
                }
            }
        }
        if batch.is_empty() {
            events.remove(&event);
        }
        batch
    }
}

/// Removes the entry of an event when its task ends early. The waiting requests then fail, and the
/// next one starts a new task.
struct QueueGuard {
    queues: CommandQueues,
    event: Uuid,
    is_finished: bool,
}

impl Drop for QueueGuard {
    fn drop(&mut self) {
        if !self.is_finished {
            self.queues.events.lock().remove(&self.event);
        }
    }
}

impl Joins {
    /// Adds a command to the queue of its event and waits for its outcome.
    pub(super) async fn submit(&self, command: Command) -> Result<(JoinStatus, Moment), JoinError> {
        let event = command.event;
        let (result, outcome) = oneshot::channel();
        let pending = PendingCommand {
            command,
            context: context::current(),
            result,
        };
        if self.queues.push(pending) {
            // A separate task, because an aborted request must not end the commands of others. A
            // task of the service, so that a stop waits for its commits.
            let task = self.clone().process_queue(event);
            drop(self.queues.tasks.spawn_apart(TASK, task));
        }
        let outcome = outcome.await.map_err(|_| JoinError::Overloaded)?;
        Ok(outcome?.into_result()?)
    }

    /// Executes the commands of an event until the queue is empty.
    async fn process_queue(self, event: Uuid) {
        let mut guard = QueueGuard {
            queues: self.queues.clone(),
            event,
            is_finished: false,
        };
        loop {
            let Ok(_permit) = self.concurrency.acquire(event).await else {
                return;
            };
            let batch = self.queues.take_batch(event);
            if batch.is_empty() {
                guard.is_finished = true;
                return;
            }
            self.execute_batch(event, batch).await;
        }
    }

    async fn execute_batch(&self, event: Uuid, batch: Vec<PendingCommand>) {
        let commands = &batch;
        let mut attempt = 1;
        let outcomes = loop {
            let outcomes = self
                .database
                .transaction(|tx| async move { self.execute_all(&tx, event, commands).await })
                .await;
            match outcomes {
                Err(error) if error.is_contention() && attempt < MAX_ATTEMPTS => attempt += 1,
                outcomes => break outcomes,
            }
        };
        match outcomes {
            Ok(outcomes) => {
                for (pending, outcome) in batch.into_iter().zip(outcomes) {
                    // The client of an aborted request repeats it with the same key.
                    let _ = pending.result.send(outcome);
                }
            }
            Err(error) => {
                let error = Arc::new(Error::from(error));
                for pending in batch {
                    let shared = JoinError::Batch(Arc::clone(&error));
                    let _ = pending.result.send(Err(shared));
                }
            }
        }
    }

    /// Returns one outcome per command, or an error that rolls back all of them.
    async fn execute_all(
        &self,
        tx: &Transaction,
        event: Uuid,
        batch: &[PendingCommand],
    ) -> Result<Vec<Result<Outcome, JoinError>>, JoinError> {
        let mut seats = seats::lock(tx, event).await?;
        let revision = seats.as_ref().map(|seats| seats.revision);
        let mut outcomes = Vec::with_capacity(batch.len());
        for pending in batch {
            let execution = self.execute(tx, &mut seats, &pending.command);
            let outcome = match &pending.context {
                Some(context) => context::scope(Arc::clone(context), execution).await,
                None => execution.await,
            };
            match outcome {
                Err(error) if error.requires_rollback() => return Err(error),
                outcome => outcomes.push(outcome),
            }
        }
        if let Some(seats) = &seats
            && Some(seats.revision) != revision
        {
            seats::update(tx, seats, Moment::now()).await?;
        }
        Ok(outcomes)
    }
}
