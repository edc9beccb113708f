//! Queues of commands, one per event.
//!
//! A commit waits for the disk. With one transaction per command, two thousand requests would wait
//! for two thousand commits. A few workers therefore execute the waiting commands of all events, in
//! batches of one transaction. Commands of one event keep their order. A single command does not
//! wait for others.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    mem,
    sync::Arc,
};

use parking_lot::Mutex;
use seaworthy::prelude::*;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::JoinError;
use crate::{
    config::JoinBatchingConfig,
    domain::{Command, Outcome},
};

/// A command in a queue.
#[derive(Debug)]
pub(super) struct PendingCommand {
    pub(super) command: Command,
    /// The context of the request, for messages and log lines.
    pub(super) context: Option<Arc<RequestContext>>,
    pub(super) result: oneshot::Sender<Result<Outcome, JoinError>>,
}

/// The queues of all events. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct CommandQueues {
    state: Arc<Mutex<State>>,
    max_batch_size: usize,
    max_workers: usize,
}

#[derive(Debug, Default)]
struct State {
    /// An event has an entry while commands wait for it or a worker executes some.
    events: HashMap<Uuid, VecDeque<PendingCommand>>,
    /// The events with waiting commands that no worker executes, in the order of arrival.
    ready: VecDeque<Uuid>,
    workers: usize,
}

impl State {
    fn release(&mut self, events: Vec<Uuid>) {
        for event in events {
            match self.events.get(&event).map(VecDeque::is_empty) {
                Some(true) => drop(self.events.remove(&event)),
                Some(false) => self.ready.push_back(event),
                None => {}
            }
        }
    }
}

/// A worker. After it is dropped, another one may start.
#[derive(Debug)]
pub(super) struct WorkerSlot {
    queues: CommandQueues,
    is_free: bool,
}

/// Commands for one transaction. No two of them use the same idempotency key, or are from the same
/// user for the same event.
///
/// No other worker executes commands of the events until [`finish`](Self::finish). A panic drops
/// the batch without `finish`. The waiting commands of its events are then dropped too, and their
/// requests fail.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) commands: Vec<PendingCommand>,
    events: Vec<Uuid>,
    queues: CommandQueues,
}

impl CommandQueues {
    /// Creates empty queues.
    pub(crate) fn new(config: &JoinBatchingConfig) -> Self {
        Self {
            state: Arc::default(),
            max_batch_size: config.max_batch_size.get().into(),
            max_workers: config.max_concurrent_batches.get().into(),
        }
    }

    /// Adds a command to the queue of its event. Returns a slot if another worker may run.
    pub(super) fn push(&self, pending: PendingCommand) -> Option<WorkerSlot> {
        let mut state = self.state.lock();
        let event = pending.command.event;
        if !state.events.contains_key(&event) {
            state.ready.push_back(event);
        }
        state.events.entry(event).or_default().push_back(pending);
        self.next_slot(&mut state)
    }

    /// Returns a slot if another worker may run and has work.
    fn next_slot(&self, state: &mut State) -> Option<WorkerSlot> {
        if state.workers >= self.max_workers || state.ready.is_empty() {
            return None;
        }
        state.workers += 1;
        Some(WorkerSlot {
            queues: self.clone(),
            is_free: false,
        })
    }
}

impl WorkerSlot {
    /// Removes the next batch from the queues, without the commands of aborted requests. Returns
    /// `None` if no command waits: the worker must then end.
    pub(super) fn take_batch(&mut self) -> Option<Batch> {
        let queues = self.queues.clone();
        let mut state = queues.state.lock();
        if state.ready.is_empty() {
            // Under the lock, so that the next command starts another worker.
            state.workers -= 1;
            self.is_free = true;
            return None;
        }
        let mut batch = Batch {
            commands: Vec::new(),
            events: Vec::new(),
            queues: queues.clone(),
        };
        let (mut users, mut keys) = (HashSet::new(), HashSet::new());
        while batch.commands.len() < queues.max_batch_size
            && let Some(event) = state.ready.pop_front()
        {
            batch.events.push(event);
            let Some(queue) = state.events.get_mut(&event) else {
                continue;
            };
            while batch.commands.len() < queues.max_batch_size
                && let Some(pending) = queue.pop_front()
            {
                if pending.result.is_closed() {
                    continue;
                }
                let command = &pending.command;
                let is_used_key = keys.contains(command.key.hash());
                if is_used_key || !users.insert((event, command.actor.id)) {
                    queue.push_front(pending);
                    break;
                }
                keys.insert(command.key.hash().to_vec());
                batch.commands.push(pending);
            }
        }
        Some(batch)
    }
}

impl Drop for WorkerSlot {
    fn drop(&mut self) {
        if !self.is_free {
            self.queues.state.lock().workers -= 1;
        }
    }
}

impl Batch {
    /// Makes the further commands of the events available to all workers.
    pub(super) fn finish(mut self) {
        let events = mem::take(&mut self.events);
        self.queues.state.lock().release(events);
    }

    /// Makes the further commands of all events but these available. Returns a slot if another
    /// worker may run.
    pub(super) fn finish_except(&mut self, kept: &HashSet<Uuid>) -> Option<WorkerSlot> {
        let events = mem::take(&mut self.events).into_iter();
        let (kept, finished) = events.partition(|event| kept.contains(event));
        self.events = kept;
        let mut state = self.queues.state.lock();
        state.release(finished);
        self.queues.next_slot(&mut state)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let mut state = self.queues.state.lock();
        for event in &self.events {
            state.events.remove(event);
        }
    }
}
