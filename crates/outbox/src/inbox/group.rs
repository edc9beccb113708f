//! Transactions that several messages share.
//!
//! A commit waits for the disk. While one transaction commits, further messages arrive, and the
//! next transaction processes all of them.

use std::{collections::HashSet, mem, sync::Arc};

use parking_lot::Mutex;
use seaworthy_data::{DataError, Database, Transaction};
use seaworthy_messaging::Envelope;
use tokio::sync::oneshot;

use super::InboxOutcome;
use crate::store::inbox::record_all;

/// Maximum number of messages of one transaction. More would hold their locks for longer.
const MAX_MEMBERS: usize = 64;

/// The messages of an inbox that wait for a transaction.
#[derive(Debug, Default)]
pub(super) struct Group(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Member>,
    /// Whether a task processes the messages.
    is_running: bool,
}

/// A message in a group.
#[derive(Debug)]
struct Member {
    key: Option<Box<str>>,
    id: Box<str>,
    permit: oneshot::Sender<EffectPermit>,
    outcome: oneshot::Sender<InboxOutcome>,
}

/// Permission to run the effect of a message in the transaction of the group.
#[derive(Debug)]
pub(super) struct EffectPermit {
    pub(super) tx: Transaction,
    /// Whether the effect succeeded.
    pub(super) done: oneshot::Sender<bool>,
}

/// The handle of a message in a group.
#[derive(Debug)]
pub(super) struct GroupEntry {
    /// Closed if the effect must not run.
    pub(super) permit: oneshot::Receiver<EffectPermit>,
    /// Closed if the transaction failed: the message must be processed alone.
    pub(super) outcome: oneshot::Receiver<InboxOutcome>,
}

impl Group {
    /// Adds a message to the next transaction.
    pub(super) fn join(
        self: &Arc<Self>,
        database: &Database,
        consumer: &Arc<str>,
        message: &Envelope,
    ) -> GroupEntry {
        let (permit, on_permit) = oneshot::channel();
        let (outcome, on_outcome) = oneshot::channel();
        let member = Member {
            key: message.key().map(Box::from),
            id: message.id().as_str().into(),
            permit,
            outcome,
        };
        let mut state = self.0.lock();
        state.waiting.push(member);
        if !mem::replace(&mut state.is_running, true) {
            let group = Arc::clone(self);
            let (database, consumer) = (database.clone(), Arc::clone(consumer));
            // A separate task, because the abort of one message must not abort the others.
            tokio::spawn(async move {
                let running = Running(group);
                while let Some(members) = running.0.take() {
                    process(&database, &consumer, members).await;
                }
            });
        }
        GroupEntry {
            permit: on_permit,
            outcome: on_outcome,
        }
    }

    /// Removes the next members in the order of their keys, so that two replicas lock the rows of
    /// different keys in one order.
    fn take(&self) -> Option<Vec<Member>> {
        let mut state = self.0.lock();
        if state.waiting.is_empty() {
            state.is_running = false;
            return None;
        }
        let count = state.waiting.len().min(MAX_MEMBERS);
        let mut members: Vec<Member> = state.waiting.drain(..count).collect();
        drop(state);
        members.sort_by(|one, other| one.key.cmp(&other.key));
        Some(members)
    }
}

/// The task that processes the messages of a group.
struct Running(Arc<Group>);

impl Drop for Running {
    /// After a panic, such as one of a hook after the commit, the waiting messages are processed
    /// alone, and the next message starts another task.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut state = self.0.0.lock();
            state.is_running = false;
            state.waiting.clear();
        }
    }
}

/// Processes messages in one transaction. If it fails, each member is dropped and processed alone.
async fn process(database: &Database, consumer: &str, members: Vec<Member>) {
    let outcomes = match run(database, consumer, members).await {
        Ok(Some(outcomes)) => outcomes,
        Ok(None) => return,
        Err(error) => {
            tracing::debug!(%error, consumer, "a transaction of several messages failed, so the inbox processes each message alone");
            return;
        }
    };
    for (member, outcome) in outcomes {
        // The handler of an aborted message does not receive it.
        let _ = member.send(outcome);
    }
}

/// The outcomes that the members get after the commit.
type Outcomes = Vec<(oneshot::Sender<InboxOutcome>, InboxOutcome)>;

/// Returns `None` if an effect failed.
async fn run(
    database: &Database,
    consumer: &str,
    members: Vec<Member>,
) -> Result<Option<Outcomes>, DataError> {
    let tx = database.begin().await?;
    let ids = members.iter().map(|member| &*member.id);
    let mut new: HashSet<String> = record_all(&tx, consumer, ids).await?;
    let mut outcomes = Vec::with_capacity(members.len());
    for member in members {
        if !new.remove(&*member.id) {
            outcomes.push((member.outcome, InboxOutcome::Duplicate));
            continue;
        }
        let (done, is_done) = oneshot::channel();
        let permit = EffectPermit {
            tx: tx.clone(),
            done,
        };
        if member.permit.send(permit).is_err() || !is_done.await.unwrap_or(false) {
            tx.rollback().await?;
            return Ok(None);
        }
        outcomes.push((member.outcome, InboxOutcome::Processed));
    }
    tx.commit().await?;
    Ok(Some(outcomes))
}
