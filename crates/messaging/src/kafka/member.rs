use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
    error::KafkaResult,
};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    client::transport_error,
    connection::MAX_REQUEST_TIME,
    groups::Partition,
    ledger::Ledger,
    partition::{Held, Origin, PartitionId},
    rebalance::{Rebalance, Rebalances},
    state::{Arrival, Phase, State},
    wire,
};
use crate::{GroupName, Topic, transport::TransportError};

/// The client of a member.
pub(super) type Client = BaseConsumer<Rebalances>;

/// The maximum number of messages of other groups that a member skips in one step.
const MAX_SKIPPED: usize = 1_000;

/// The next step of a member.
pub(super) enum Next {
    /// Commit and report the result.
    Commit(Commit),
    /// Continue at this time.
    WaitUntil(Instant),
    /// Continue after a wake-up.
    Wait,
}

/// Offsets and metadata to commit.
pub(super) struct Commit {
    client: Arc<Client>,
    list: TopicPartitionList,
}

impl Commit {
    /// Commits. Blocks until the cluster has responded.
    pub(super) fn run(self) -> KafkaResult<()> {
        self.client.commit(&self.list, CommitMode::Sync)
    }
}

/// The limits of a member.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) prefetch: usize,
    pub(super) commit_interval: Duration,
    pub(super) timeout: Duration,
    pub(super) lease: Duration,
    pub(super) handover: Duration,
}

/// A member of a group, shared by its session, its thread and its client.
pub(super) struct Member {
    pub(super) group: GroupName,
    /// The topics and their names in Kafka.
    topics: Vec<(String, Topic)>,
    /// The first offset of partitions without a committed offset.
    pub(super) starts: HashMap<Partition, i64>,
    pub(super) limits: Limits,
    pub(super) state: Mutex<State>,
    /// Notified when the member may have work.
    pub(super) wake: Arc<Notify>,
    /// Cancelled when the member has left its group.
    pub(super) left: CancellationToken,
}

impl Member {
    pub(super) fn new(
        group: GroupName,
        topics: Vec<(String, Topic)>,
        starts: HashMap<Partition, i64>,
        limits: Limits,
        client: Arc<Client>,
        to: mpsc::UnboundedSender<Arrival>,
    ) -> Arc<Self> {
        Arc::new(Self {
            group,
            topics,
            starts,
            limits,
            state: Mutex::new(State::new(client, to)),
            wake: Arc::default(),
            left: CancellationToken::new(),
        })
    }

    pub(super) fn topics(&self) -> Vec<&str> {
        self.topics.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub(super) fn partition_id(&self, (name, partition): &Partition) -> Option<PartitionId> {
        let topic = self.topics.iter().position(|(topic, _)| topic == name)?;
        Some((topic, *partition))
    }

    /// Records a rebalance. Returns it if the member has ended.
    pub(super) fn record_rebalance(&self, change: Rebalance) -> Option<Rebalance> {
        let mut state = self.state.lock();
        if state.phase == Phase::Ended {
            return Some(change);
        }
        state.changes.push_back(change);
        None
    }

    /// Records the result of a commit.
    pub(super) fn record_commit(&self, result: KafkaResult<()>) {
        let mut state = self.state.lock();
        match result {
            Ok(()) => state.record_commit_success(),
            Err(error) => {
                tracing::debug!(group = %self.group, %error, "a commit failed, so the member retries it");
                // After the lease the group has removed this member.
                if state.record_commit_failure() > self.limits.lease {
                    state.end(transport_error(error));
                }
            }
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Takes messages within the prefetch, and returns the next step.
    pub(super) fn work(&self) -> Next {
        let mut state = self.state.lock();
        if state.phase == Phase::Running {
            self.take(&mut state);
        }
        self.next(&mut state)
    }

    fn take(&self, state: &mut State) {
        let ids: Vec<PartitionId> = state.assigned.keys().copied().collect();
        let (mut taken, mut is_taken) = (0, true);
        // One message of each partition at a time, for fairness.
        while is_taken && taken < MAX_SKIPPED {
            is_taken = false;
            for id in &ids {
                if state.held.len() >= self.limits.prefetch {
                    return;
                }
                if self.take_one(state, *id) {
                    is_taken = true;
                    taken += 1;
                }
            }
        }
        if is_taken {
            self.wake.notify_one();
        }
    }

    /// Takes one message. Returns `false` if there was none.
    fn take_one(&self, state: &mut State, id: PartitionId) -> bool {
        let Some(assigned) = state.assigned.get(&id) else {
            return false;
        };
        if assigned.is_leaving {
            return false;
        }
        let Some((_, topic)) = self.topics.get(id.0) else {
            return false;
        };
        let message = match assigned.queue.poll(Duration::ZERO) {
            None => return false,
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                tracing::debug!(group = %self.group, %error, "a partition has no messages");
                return true;
            }
        };
        let offset = message.offset();
        let (envelope, problem) = wire::envelope(topic.clone(), &message);
        drop(message);
        let renewed = state.next_assignment();
        let Some(assigned) = state.assigned.get_mut(&id) else {
            return true;
        };
        assigned.is_dirty = true;
        if assigned.ledger.is_before(offset) {
            // The log was truncated or created again, and the held messages belong to the old one.
            assigned.ledger = Ledger::read(offset, "");
            assigned.number = renewed;
        }
        let Some(count) = assigned.ledger.arrive(offset) else {
            return true;
        };
        if envelope
            .recipient()
            .is_some_and(|group| *group != self.group)
        {
            assigned.ledger.settle(offset);
            return true;
        }
        let origin = Origin {
            partition: id,
            assignment: assigned.number,
            offset,
        };
        state.stage(
            Held {
                origin,
                envelope,
                problem,
            },
            count,
        );
        true
    }

    fn next(&self, state: &mut State) -> Next {
        let now = Instant::now();
        if state.commits.is_some() {
            let until = state.committed_at + MAX_REQUEST_TIME;
            if now < until {
                return Next::WaitUntil(until);
            }
            state.end(TransportError::unavailable(
                "Kafka did not confirm a commit",
            ));
            return Next::Wait;
        }
        let is_dirty = state.assigned.values().any(|one| one.is_dirty);
        if !is_dirty {
            return Next::Wait;
        }
        let is_urgent =
            !state.staged.is_empty() || state.is_handing_over || state.phase != Phase::Running;
        let mut due = state.commit_not_before;
        if !is_urgent {
            due = due.max(state.committed_at + self.limits.commit_interval);
        }
        if now < due {
            return Next::WaitUntil(due);
        }
        match self.begin_commit(state) {
            Ok(Some(commit)) => Next::Commit(commit),
            Ok(None) => Next::Wait,
            Err(error) => {
                state.end(transport_error(error));
                Next::Wait
            }
        }
    }

    fn begin_commit(&self, state: &mut State) -> KafkaResult<Option<Commit>> {
        let Some(client) = state.client.clone() else {
            return Ok(None);
        };
        let mut list = TopicPartitionList::new();
        let mut ids = Vec::new();
        for (id, assigned) in &mut state.assigned {
            let Some((name, _)) = self.topics.get(id.0) else {
                continue;
            };
            if assigned.is_dirty {
                let mut one = list.add_partition(name, id.1);
                one.set_offset(Offset::Offset(assigned.ledger.floor()))?;
                one.set_metadata(assigned.ledger.metadata());
                assigned.is_dirty = false;
                ids.push(*id);
            }
        }
        state.committing = std::mem::take(&mut state.staged);
        state.commits = Some(ids);
        state.committed_at = Instant::now();
        Ok(Some(Commit { client, list }))
    }

    /// Ends the session with an error.
    pub(super) fn end(&self, error: TransportError) {
        self.state.lock().end(error);
        self.wake.notify_one();
    }
}
