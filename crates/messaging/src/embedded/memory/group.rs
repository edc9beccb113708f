use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use tokio::sync::Notify;

use crate::{
    Envelope, Topic,
    transport::{Delivery, DeliveryTag, Order, Position},
};

/// A consumer group with its messages.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The topics of its last subscription.
    pub(super) topics: BTreeSet<Topic>,
    /// The topics whose publishers require the group.
    pub(super) required: BTreeSet<Topic>,
    /// The messages by number, in the order of publishing.
    pub(super) messages: BTreeMap<u64, Stored>,
    /// The messages that no session holds.
    pub(super) ready: BTreeSet<u64>,
    /// The messages that each session holds.
    pub(super) held: HashMap<u64, BTreeSet<u64>>,
    /// The session that holds a key, and its number of messages of the key.
    holders: HashMap<Box<str>, (u64, usize)>,
    pub(super) arrived: Arc<Notify>,
}

/// Whether an unanswered delivery counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IsCounted {
    /// The session ended without a reply, so the delivery counts.
    Yes,
    /// The session returned the message, so the delivery does not count.
    No,
}

/// A message of a group.
#[derive(Debug)]
pub(super) struct Stored {
    envelope: Envelope,
    deliveries: u32,
    holder: Option<u64>,
}

impl Stored {
    fn new(envelope: Envelope) -> Self {
        Self {
            envelope,
            deliveries: 0,
            holder: None,
        }
    }
}

impl Group {
    pub(super) fn has_topic(&self, topic: &Topic) -> bool {
        self.topics.contains(topic) || self.required.contains(topic)
    }

    /// Adds a message with the next number.
    pub(super) fn add(&mut self, number: u64, envelope: Envelope) {
        self.messages.insert(number, Stored::new(envelope));
        self.ready.insert(number);
        self.arrived.notify_waiters();
    }

    /// Claims up to `room` messages for a session.
    pub(super) fn claim(&mut self, session: u64, order: Order, room: usize) -> Vec<Delivery> {
        let mut claimed = Vec::new();
        for number in &self.ready {
            if claimed.len() >= room {
                break;
            }
            let Some(stored) = self.messages.get_mut(number) else {
                continue;
            };
            if let Some(key) = stored.envelope.key() {
                let holder = self.holders.entry(key.into()).or_insert((session, 0));
                if order == Order::Group && holder.0 != session && holder.1 > 0 {
                    continue;
                }
                if holder.1 == 0 {
                    holder.0 = session;
                }
                if holder.0 == session {
                    holder.1 += 1;
                }
            }
            stored.holder = Some(session);
            stored.deliveries = stored.deliveries.saturating_add(1);
            claimed.push(Delivery {
                tag: DeliveryTag(*number),
                envelope: stored.envelope.clone(),
                count: stored.deliveries,
                problem: None,
                position: Some(Position {
                    partition: None,
                    offset: *number,
                }),
            });
        }
        let held = self.held.entry(session).or_default();
        for delivery in &claimed {
            self.ready.remove(&delivery.tag.0);
            held.insert(delivery.tag.0);
        }
        claimed
    }

    /// Ends the hold of a session on a message. Returns whether the session held it.
    pub(super) fn release(&mut self, session: u64, number: u64) -> bool {
        let Some(stored) = self.messages.get_mut(&number) else {
            return false;
        };
        if stored.holder != Some(session) {
            return false;
        }
        stored.holder = None;
        if let Some(held) = self.held.get_mut(&session) {
            held.remove(&number);
        }
        if let Some(key) = stored.envelope.key()
            && let Some(holder) = self.holders.get_mut(key)
            && holder.0 == session
        {
            holder.1 = holder.1.saturating_sub(1);
            if holder.1 == 0 {
                self.holders.remove(key);
            }
        }
        true
    }

    /// Makes a released message available to other members. A returned message does not count as
    /// delivered.
    pub(super) fn requeue(&mut self, number: u64, is_counted: IsCounted) {
        if let Some(stored) = self.messages.get_mut(&number)
            && is_counted == IsCounted::No
        {
            stored.deliveries = stored.deliveries.saturating_sub(1);
        }
        self.ready.insert(number);
    }

    pub(super) fn held_by(&self, session: u64) -> usize {
        self.held.get(&session).map_or(0, BTreeSet::len)
    }
}
