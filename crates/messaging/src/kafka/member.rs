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
    client::failed,
    groups::Partition,
    ledger::Ledger,
    link::UNANSWERED,
    partition::{Held, Origin, Place},
    rebalance::{Change, Rebalances},
    state::{Arrival, Phase, State},
    wire,
};
use crate::{GroupName, Topic, transport::TransportError};

/// The client of a member.
pub(super) type Client = BaseConsumer<Rebalances>;

/// So many messages that are not for this group are passed by before others get their turn.
const MOST_TAKEN_AT_ONCE: usize = 1_000;

/// What is to be done for a member.
pub(super) enum Next {
    /// To commit, and to tell what came of it.
    Commit(Commit),
    /// To come again then.
    WaitUntil(Instant),
    /// To come again when it is woken.
    Wait,
}

/// What the group is to know.
pub(super) struct Commit {
    client: Arc<Client>,
    list: TopicPartitionList,
}

impl Commit {
    /// Blocks until the cluster has answered.
    pub(super) fn run(self) -> KafkaResult<()> {
        self.client.commit(&self.list, CommitMode::Sync)
    }
}

/// How much a member has, and how long things may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) prefetch: usize,
    pub(super) commit_interval: Duration,
    pub(super) timeout: Duration,
    pub(super) lease: Duration,
    pub(super) handover: Duration,
}

/// One member of a group: what its session, its thread and its client share.
pub(super) struct Member {
    pub(super) group: GroupName,
    /// By their names.
    topics: Vec<(String, Topic)>,
    /// Where it begins in partitions of which the group knows nothing.
    pub(super) starts: HashMap<Partition, i64>,
    pub(super) limits: Limits,
    pub(super) state: Mutex<State>,
    /// There may be something to do.
    pub(super) wake: Arc<Notify>,
    /// The member has left its group.
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

    pub(super) fn place(&self, (name, partition): &Partition) -> Option<Place> {
        let place = self.topics.iter().position(|(topic, _)| topic == name)?;
        Some((place, *partition))
    }

    /// Notes a change of the group; gives it back where the member is over.
    pub(super) fn note(&self, change: Change) -> Option<Change> {
        let mut state = self.state.lock();
        if state.phase == Phase::Over {
            return Some(change);
        }
        state.changes.push_back(change);
        None
    }

    /// The commit was answered.
    pub(super) fn committed(&self, result: KafkaResult<()>) {
        let mut state = self.state.lock();
        match result {
            Ok(()) => state.commit_succeeded(),
            Err(error) => {
                tracing::debug!(group = %self.group, %error, "a commit is tried again");
                // By now the group has given up this member, or the cluster does not want to know.
                if state.commit_failed() > self.limits.lease {
                    state.end(failed(error));
                }
            }
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Takes what there is room for, and tells what is to be done next.
    pub(super) fn work(&self) -> Next {
        let mut state = self.state.lock();
        if state.phase == Phase::Taking {
            self.take(&mut state);
        }
        self.next(&mut state)
    }

    fn take(&self, state: &mut State) {
        let places: Vec<Place> = state.assigned.keys().copied().collect();
        let (mut taken, mut came) = (0, true);
        // One of each partition at a time, so that none waits for another.
        while came && taken < MOST_TAKEN_AT_ONCE {
            came = false;
            for place in &places {
                if state.held.len() >= self.limits.prefetch {
                    return;
                }
                if self.take_one(state, *place) {
                    came = true;
                    taken += 1;
                }
            }
        }
        if came {
            self.wake.notify_one();
        }
    }

    /// Whether there was one.
    fn take_one(&self, state: &mut State, place: Place) -> bool {
        let Some(assigned) = state.assigned.get(&place) else {
            return false;
        };
        if assigned.is_leaving {
            return false;
        }
        let Some((_, topic)) = self.topics.get(place.0) else {
            return false;
        };
        let message = match assigned.queue.poll(Duration::ZERO) {
            None => return false,
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                tracing::debug!(group = %self.group, %error, "a partition has nothing for now");
                return true;
            }
        };
        let offset = message.offset();
        let (envelope, problem) = wire::envelope(topic.clone(), &message);
        drop(message);
        let renewed = state.next_assignment();
        let Some(assigned) = state.assigned.get_mut(&place) else {
            return true;
        };
        assigned.is_dirty = true;
        if assigned.ledger.is_before(offset) {
            // The log was cut or made anew, and what is in hand is of the old one.
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
            assigned.ledger.done(offset);
            return true;
        }
        let origin = Origin {
            place,
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
            let until = state.committed_at + UNANSWERED;
            if now < until {
                return Next::WaitUntil(until);
            }
            state.end(TransportError::unavailable("a commit had no answer"));
            return Next::Wait;
        }
        let is_dirty = state.assigned.values().any(|one| one.is_dirty);
        if !is_dirty {
            return Next::Wait;
        }
        let is_urgent =
            !state.staged.is_empty() || state.is_handing_over || state.phase != Phase::Taking;
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
                state.end(failed(error));
                Next::Wait
            }
        }
    }

    fn begin_commit(&self, state: &mut State) -> KafkaResult<Option<Commit>> {
        let Some(client) = state.client.clone() else {
            return Ok(None);
        };
        let mut list = TopicPartitionList::new();
        let mut places = Vec::new();
        for (place, assigned) in &mut state.assigned {
            let Some((name, _)) = self.topics.get(place.0) else {
                continue;
            };
            if assigned.is_dirty {
                let mut one = list.add_partition(name, place.1);
                one.set_offset(Offset::Offset(assigned.ledger.floor()))?;
                one.set_metadata(assigned.ledger.metadata());
                assigned.is_dirty = false;
                places.push(*place);
            }
        }
        state.committing = std::mem::take(&mut state.staged);
        state.commits = Some(places);
        state.committed_at = Instant::now();
        Ok(Some(Commit { client, list }))
    }

    /// Ends the session, and says why.
    pub(super) fn end(&self, error: TransportError) {
        self.state.lock().end(error);
        self.wake.notify_one();
    }
}
