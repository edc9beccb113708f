use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{
    member::Client,
    partition::{Assigned, Held, Origin, PartitionId, Staged},
    rebalance::Rebalance,
};
use crate::transport::{Delivery, DeliveryTag, TransportError};

/// The delay after a failed commit. Most commits fail because of a rebalance, which takes a few
/// heartbeats.
const COMMIT_BACKOFF: Duration = Duration::from_millis(100);

/// Deliveries, or the error that ends the session.
pub(super) type Arrival = Result<Delivery, TransportError>;

/// The phase of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// The session takes messages.
    Running,
    /// The session settles its messages and does not take others.
    Stopping,
    /// The session has ended.
    Ended,
}

/// The state of a member.
pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) client: Option<Arc<Client>>,
    pub(super) assigned: BTreeMap<PartitionId, Assigned>,
    pub(super) changes: VecDeque<Rebalance>,
    /// Whether a partition moves to another member.
    pub(super) is_handing_over: bool,
    pub(super) held: BTreeMap<DeliveryTag, Held>,
    last_tag: u64,
    last_assignment: u64,
    /// When the commits started to fail.
    failing_since: Option<Instant>,
    /// Messages whose deliveries are to be committed, and are being committed.
    pub(super) staged: Vec<Staged>,
    pub(super) committing: Vec<Staged>,
    pub(super) commits: Option<Vec<PartitionId>>,
    pub(super) commit_not_before: Instant,
    pub(super) committed_at: Instant,
    to: mpsc::UnboundedSender<Arrival>,
}

impl State {
    pub(super) fn new(client: Arc<Client>, to: mpsc::UnboundedSender<Arrival>) -> Self {
        let now = Instant::now();
        Self {
            phase: Phase::Running,
            client: Some(client),
            assigned: BTreeMap::new(),
            changes: VecDeque::new(),
            is_handing_over: false,
            held: BTreeMap::new(),
            last_tag: 0,
            last_assignment: 0,
            failing_since: None,
            staged: Vec::new(),
            committing: Vec::new(),
            commits: None,
            commit_not_before: now,
            committed_at: now,
            to,
        }
    }

    /// Returns the number of the next assignment.
    pub(super) fn next_assignment(&mut self) -> u64 {
        self.last_assignment += 1;
        self.last_assignment
    }

    pub(super) fn stage(&mut self, held: Held, count: u32) {
        self.last_tag += 1;
        let tag = DeliveryTag(self.last_tag);
        self.held.insert(tag, held);
        self.staged.push(Staged { tag, count });
    }

    /// Delivers the messages of a successful commit.
    pub(super) fn record_commit_success(&mut self) {
        self.commits = None;
        self.failing_since = None;
        for one in std::mem::take(&mut self.committing) {
            self.hand_out(&one);
        }
    }

    fn hand_out(&mut self, staged: &Staged) {
        let Some(held) = self.held.get(&staged.tag) else {
            return;
        };
        let is_leaving = self
            .assigned
            .get(&held.origin.partition)
            .is_none_or(|assigned| {
                assigned.is_leaving || assigned.number != held.origin.assignment
            });
        if is_leaving || self.phase != Phase::Running {
            self.requeue(staged.tag);
            return;
        }
        let delivery = held.delivery(staged.tag, staged.count);
        let _ = self.to.send(Ok(delivery));
    }

    /// Whether the message belongs to an earlier assignment.
    pub(super) fn requeue(&mut self, tag: DeliveryTag) -> Option<Held> {
        let held = self.held.remove(&tag)?;
        let assigned = self.assigned_of(held.origin)?;
        assigned.ledger.release(held.origin.offset);
        assigned.is_dirty = true;
        Some(held)
    }

    /// Returns undelivered messages: those of all partitions, or of the partitions that move.
    pub(super) fn put_back_staged(&mut self, only_leaving: bool) {
        let staged = std::mem::take(&mut self.staged);
        for one in staged {
            let origin = self.held.get(&one.tag).map(|held| held.origin);
            let assigned = origin.and_then(|origin| self.assigned.get(&origin.partition));
            if !only_leaving || assigned.is_none_or(|assigned| assigned.is_leaving) {
                self.requeue(one.tag);
            } else {
                self.staged.push(one);
            }
        }
    }

    pub(super) fn acknowledge(&mut self, tag: DeliveryTag) {
        if let Some(held) = self.held.remove(&tag)
            && let Some(assigned) = self.assigned_of(held.origin)
        {
            assigned.ledger.settle(held.origin.offset);
            assigned.is_dirty = true;
        }
    }

    /// Delivers a message again.
    pub(super) fn deliver_again(&mut self, tag: DeliveryTag) {
        if let Some(held) = self.requeue(tag)
            && let Some(assigned) = self.assigned_of(held.origin)
        {
            let count = assigned.ledger.deliver_again(held.origin.offset);
            self.stage(held, count);
        }
    }

    fn assigned_of(&mut self, origin: Origin) -> Option<&mut Assigned> {
        let assigned = self.assigned.get_mut(&origin.partition)?;
        (assigned.number == origin.assignment).then_some(assigned)
    }

    /// Records a failed commit. Returns how long commits have failed.
    pub(super) fn record_commit_failure(&mut self) -> Duration {
        for id in self.commits.take().unwrap_or_default() {
            if let Some(assigned) = self.assigned.get_mut(&id) {
                assigned.is_dirty = true;
            }
        }
        let staged = std::mem::take(&mut self.committing);
        let later = std::mem::replace(&mut self.staged, staged);
        self.staged.extend(later);
        self.commit_not_before = Instant::now() + COMMIT_BACKOFF;
        if self.phase != Phase::Running {
            self.put_back_staged(false);
        } else if self.is_handing_over {
            self.put_back_staged(true);
        }
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        since.elapsed()
    }

    /// Ends the session with an error.
    pub(super) fn end(&mut self, error: TransportError) {
        if self.phase != Phase::Ended {
            self.phase = Phase::Ended;
            // A dropped session has no receiver.
            let _ = self.to.send(Err(error));
        }
    }

    /// Whether all messages of the moving partitions are settled and committed.
    pub(super) fn has_handed_over(&self) -> bool {
        let of_leaving = |held: &Held| {
            let assigned = self.assigned.get(&held.origin.partition);
            assigned.is_some_and(|one| one.is_leaving)
        };
        self.commits.is_none()
            && !self.held.values().any(of_leaving)
            && !self
                .assigned
                .values()
                .any(|one| one.is_leaving && one.is_dirty)
    }

    pub(super) fn has_no_messages(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether all changes are committed.
    pub(super) fn is_clean(&self) -> bool {
        self.commits.is_none() && !self.assigned.values().any(|one| one.is_dirty)
    }
}
