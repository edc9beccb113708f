use std::collections::BTreeMap;

use crate::transport::DeliveryTag;

/// An entry of one of a session's streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The index of the stream.
    pub(super) stream_index: usize,
    pub(super) id: String,
}

/// The entries that a session has not settled.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    entries: BTreeMap<DeliveryTag, Entry>,
    last: u64,
}

impl InFlight {
    pub(super) fn add(&mut self, entry: Entry) -> DeliveryTag {
        self.last += 1;
        let tag = DeliveryTag(self.last);
        self.entries.insert(tag, entry);
        tag
    }

    pub(super) fn find(&self, tags: &[DeliveryTag]) -> Vec<Entry> {
        let known = tags.iter().filter_map(|tag| self.entries.get(tag));
        known.cloned().collect()
    }

    pub(super) fn remove(&mut self, tags: &[DeliveryTag]) {
        for tag in tags {
            self.entries.remove(tag);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
