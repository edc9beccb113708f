use std::collections::HashMap;

use async_nats::Subject;
use tokio::sync::OwnedSemaphorePermit;

use crate::transport::DeliveryTag;

/// A message that a session has not settled.
#[derive(Debug)]
pub(super) struct UnsettledMessage {
    /// The subject of acknowledgements.
    pub(super) reply: Subject,
    /// The index of its stream in the session, and its sequence.
    pub(super) position: (usize, u64),
    /// How often the message was returned, as far as known.
    pub(super) returned: Option<u64>,
    /// Its permit of the prefetch.
    pub(super) _permit: OwnedSemaphorePermit,
}

/// The messages that a session holds, and those that it returns when it holds no others.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    held: HashMap<DeliveryTag, UnsettledMessage>,
    returning: Vec<UnsettledMessage>,
    last: u64,
}

impl InFlight {
    pub(super) fn add(&mut self, message: UnsettledMessage) -> DeliveryTag {
        self.last += 1;
        let tag = DeliveryTag(self.last);
        self.held.insert(tag, message);
        tag
    }

    /// Removes these messages, in the order of the stream.
    pub(super) fn take(&mut self, tags: &[DeliveryTag]) -> Vec<UnsettledMessage> {
        let mut taken: Vec<UnsettledMessage> = tags
            .iter()
            .filter_map(|tag| self.held.remove(tag))
            .collect();
        taken.sort_by_key(|held| held.position);
        taken
    }

    /// Stores how often a message was returned.
    pub(super) fn record_return(&mut self, tag: DeliveryTag, returned: u64) {
        if let Some(held) = self.held.get_mut(&tag) {
            held.returned = Some(returned);
        }
    }

    /// The position of a message in its stream.
    pub(super) fn position(&self, tag: DeliveryTag) -> Option<(usize, u64)> {
        self.held.get(&tag).map(|held| held.position)
    }

    pub(super) fn return_later(&mut self, messages: Vec<UnsettledMessage>) {
        self.returning.extend(messages);
    }

    /// The acknowledgement subjects of these messages, and of all that will be returned.
    pub(super) fn replies(&self, tags: &[DeliveryTag]) -> Vec<Subject> {
        let held = tags.iter().filter_map(|tag| self.held.get(tag));
        held.chain(&self.returning)
            .map(|held| held.reply.clone())
            .collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Removes all messages to return, in the order of the stream.
    pub(super) fn take_returning(&mut self) -> Vec<UnsettledMessage> {
        let mut all = std::mem::take(&mut self.returning);
        all.sort_by_key(|held| held.position);
        all
    }

    /// Removes all messages that the session holds when it ends.
    pub(super) fn take_held(&mut self) -> Vec<UnsettledMessage> {
        std::mem::take(&mut self.held).into_values().collect()
    }
}
