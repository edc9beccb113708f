use std::{
    collections::HashMap,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    time::{Duration, Instant},
};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::Consumer as _,
    error::{KafkaError, RDKafkaErrorCode},
};

use super::{
    client::{is_rejection, transport_error},
    groups::{self, Partition},
    ledger::Ledger,
    member::{Client, Member},
    partition::Assigned,
    rebalance::{Rebalance, release},
    state::Phase,
};
use crate::transport::TransportError;

/// Maximum wait of a member's thread for an event. Other events wake it.
const POLL_TIMEOUT: Duration = Duration::from_millis(50);
/// Maximum wait of an ending member for its last commit. Without the commit, messages are
/// redelivered.
const LAST_COMMIT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a client may take to leave its group. It reports no end, and a joining client leaves
/// after it has joined.
const LEAVING: Duration = Duration::from_millis(200);
/// The delay after a request without a response.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// The thread of a member. The client reports rebalances only while it is polled.
pub(super) struct Session {
    member: Arc<Member>,
    handover: Option<Handover>,
    /// When the wait for the last commit started.
    ending: Option<Instant>,
    /// When the requests for the offsets of new partitions started to fail.
    unknown_since: Option<Instant>,
}

/// Partitions that move to other members.
struct Handover {
    partitions: Vec<Partition>,
    until: Instant,
}

impl Session {
    pub(super) fn new(member: Arc<Member>) -> Self {
        Self {
            member,
            handover: None,
            ending: None,
            unknown_since: None,
        }
    }

    /// Runs until the member has left its group.
    pub(super) fn run(mut self, client: Arc<Client>) {
        // The client panics if committed metadata of another program is not UTF-8. The group does
        // not wait for this member after a panic.
        let polled = panic::catch_unwind(AssertUnwindSafe(|| self.poll(&client)));
        if polled.is_err() {
            self.member.end(TransportError::unavailable(
                "the thread of a member of a group panicked",
            ));
        }
        let (held, kept, changes) = {
            let mut state = self.member.state.lock();
            state.phase = Phase::Ended;
            (
                std::mem::take(&mut state.assigned),
                state.client.take(),
                std::mem::take(&mut state.changes),
            )
        };
        drop((held, kept));
        self.accept_all(&client, changes.into());
        leave(&client);
        drop(client);
        self.member.left.cancel();
    }

    fn poll(&mut self, client: &Arc<Client>) {
        while !self.is_over() {
            match client.poll(POLL_TIMEOUT) {
                None => {}
                // Every partition has its own queue before its first fetch.
                Some(Ok(_stray)) => self.member.end(TransportError::unavailable(
                    "a message bypassed the queue of its partition",
                )),
                Some(Err(error)) => self.handle_error(error),
            }
            self.follow(client);
            self.hand_over(client);
        }
    }

    /// Accepts all rebalances. Otherwise the client never leaves the group and never ends.
    fn accept_all(&mut self, client: &Client, changes: Vec<Rebalance>) {
        let handover = self.handover.take();
        let handover = handover.map(|handover| Rebalance::Revoke(handover.partitions));
        for change in handover.into_iter().chain(changes) {
            if let Err(error) = change.accept(client) {
                tracing::debug!(group = %self.member.group, %error, "a member of a group cannot accept a rebalance");
            }
        }
    }

    fn is_over(&mut self) -> bool {
        let state = self.member.state.lock();
        let is_ending = match state.phase {
            Phase::Running => false,
            Phase::Stopping => state.has_no_messages(),
            Phase::Ended => true,
        };
        if !is_ending {
            return false;
        }
        let since = *self.ending.get_or_insert_with(Instant::now);
        let is_over = state.is_clean() || since.elapsed() > LAST_COMMIT_TIMEOUT;
        drop(state);
        self.member.wake.notify_one();
        is_over
    }

    fn handle_error(&self, error: KafkaError) {
        use RDKafkaErrorCode as Code;
        let is_fatal = matches!(error, KafkaError::MessageConsumptionFatal(_));
        match error.rdkafka_error_code() {
            Some(code) if is_rejection(code) => self.member.end(TransportError::rejected(error)),
            Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => {
                self.member.end(TransportError::unavailable(error));
            }
            _ if is_fatal => self.member.end(TransportError::unavailable(error)),
            _ => tracing::debug!(group = %self.member.group, %error, "error of a Kafka client"),
        }
    }

    /// Handles recorded rebalances in order. Each stays recorded until it is accepted, so that the
    /// end of the member finds those without a reply.
    fn follow(&mut self, client: &Arc<Client>) {
        while self.handover.is_none() {
            let Some(change) = self.member.state.lock().changes.front().cloned() else {
                return;
            };
            match change {
                Rebalance::Revoke(partitions) => self.prepare_handover(partitions),
                Rebalance::Assign(partitions) => {
                    if let Err(error) = self.begin(client, &partitions) {
                        self.record_unknown_offsets(error);
                        return;
                    }
                    self.unknown_since = None;
                }
            }
            self.member.state.lock().changes.pop_front();
        }
    }

    /// Records that the offsets of new partitions are unknown.
    fn record_unknown_offsets(&mut self, error: KafkaError) {
        tracing::debug!(group = %self.member.group, %error, "the offsets of new partitions are unknown, retrying");
        let since = *self.unknown_since.get_or_insert_with(Instant::now);
        let is_rejected = error.rdkafka_error_code().is_some_and(is_rejection);
        if is_rejected || since.elapsed() > self.member.limits.lease {
            self.member.state.lock().end(transport_error(error));
        } else {
            std::thread::sleep(RETRY_INTERVAL);
        }
    }

    /// Takes over partitions at their committed state.
    fn begin(&self, client: &Arc<Client>, partitions: &[Partition]) -> Result<(), KafkaError> {
        let committed = if partitions.is_empty() {
            HashMap::new()
        } else {
            groups::committed(&**client, partitions, self.member.limits.timeout)?
        };
        let mut list = TopicPartitionList::new();
        let mut state = self.member.state.lock();
        for partition in partitions {
            let Some(id) = self.member.partition_id(partition) else {
                continue;
            };
            let start = self.member.starts.get(partition).copied();
            let (offset, ledger, is_new) = match (committed.get(partition), start) {
                (Some((offset, metadata)), _) => (
                    Offset::Offset(*offset),
                    Ledger::read(*offset, metadata),
                    false,
                ),
                (None, Some(start)) => (Offset::Offset(start), Ledger::read(start, ""), true),
                // The partition is newer than the group.
                (None, None) => (Offset::Beginning, Ledger::read(0, ""), false),
            };
            // The client has one queue per partition. If the queue of an earlier attempt is
            // dropped, its callback is removed.
            state.assigned.remove(&id);
            let (name, number) = partition;
            list.add_partition_offset(name, *number, offset)?;
            let queue = client.split_partition_queue(name, *number);
            let mut queue = queue.ok_or(KafkaError::Canceled)?;
            // The client calls this with the queue locked, so it must not own anything that drops
            // the client.
            let wake = Arc::clone(&self.member.wake);
            queue.set_nonempty_callback(move || wake.notify_one());
            let assigned = Assigned {
                number: state.next_assignment(),
                ledger,
                queue,
                is_dirty: is_new,
                is_leaving: false,
            };
            state.assigned.insert(id, assigned);
        }
        drop(state);
        client.incremental_assign(&list)?;
        self.member.wake.notify_one();
        Ok(())
    }

    fn prepare_handover(&mut self, partitions: Vec<Partition>) {
        let mut state = self.member.state.lock();
        for partition in &partitions {
            let id = self.member.partition_id(partition);
            if let Some(assigned) = id.and_then(|id| state.assigned.get_mut(&id)) {
                assigned.is_leaving = true;
            }
        }
        state.is_handing_over = true;
        state.put_back_staged(true);
        drop(state);
        self.member.wake.notify_one();
        self.handover = Some(Handover {
            partitions,
            until: Instant::now() + self.member.limits.handover,
        });
    }

    /// Releases partitions after their last held message is settled.
    fn hand_over(&mut self, client: &Arc<Client>) {
        let Some(Handover { partitions, until }) = &self.handover else {
            return;
        };
        let is_lost = client.assignment_lost();
        let is_late = Instant::now() >= *until;
        let mut state = self.member.state.lock();
        if !is_lost && !is_late && !state.has_handed_over() && state.phase != Phase::Ended {
            return;
        }
        let mut released = Vec::new();
        for partition in partitions {
            let id = self.member.partition_id(partition);
            released.extend(id.and_then(|id| state.assigned.remove(&id)));
        }
        state.is_handing_over = false;
        drop(state);
        drop(released);
        if is_late {
            tracing::warn!(group = %self.member.group, "partitions move to other members before this member has acknowledged their messages");
        }
        if let Err(error) = release(client, &groups::list(partitions)) {
            self.member.end(TransportError::unavailable(error));
        } else if is_lost {
            self.member.end(TransportError::unavailable(
                "the group has reassigned the partitions of this member",
            ));
        }
        self.handover = None;
        self.member.wake.notify_one();
    }
}

/// Leaves the group. A client that ends while it joins does not leave, so the group waits for its
/// lease. It may also crash (librdkafka issue 5347).
fn leave(client: &Client) {
    client.unsubscribe();
    let until = Instant::now() + LEAVING;
    while Instant::now() < until {
        drop(client.poll(POLL_TIMEOUT));
    }
}

#[cfg(test)]
mod tests;
