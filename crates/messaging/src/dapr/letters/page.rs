use bytes::Bytes;

use crate::{DeadLetterId, Envelope, Topic, dead_letter::attributes, transport::MAX_PAGE_SIZE};

/// The letters of a page.
pub(super) struct Page {
    pub(super) letters: Vec<Envelope>,
    size: usize,
    limit: usize,
}

impl Page {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            letters: Vec::new(),
            size: 0,
            limit,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.letters.len() >= self.limit || self.size >= MAX_PAGE_SIZE.as_usize()
    }

    pub(super) fn add(&mut self, letter: Envelope) {
        self.size += letter.size();
        self.letters.push(letter);
    }
}

/// Returns a letter with only the ID, so that an operator can discard it. As its payload is
/// missing, it cannot be replayed.
pub(super) fn undecodable(
    topic: &Topic,
    id: &DeadLetterId,
    size: usize,
    problem: &str,
) -> Envelope {
    tracing::error!(%topic, id = id.as_str(), problem, "a stored dead letter cannot be decoded, so only its ID is listed");
    Envelope::new(topic.clone(), "undecodable", "dapr", Bytes::new())
        .with_attribute(attributes::ID, id.as_str())
        .with_attribute(attributes::MESSAGE, problem)
        .with_attribute(attributes::PAYLOAD_SIZE, size.to_string())
}
