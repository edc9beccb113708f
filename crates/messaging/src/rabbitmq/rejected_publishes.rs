use std::collections::BTreeSet;

use parking_lot::Mutex;

use crate::MessageId;

/// Maximum number of IDs, more than the messages of one batch. Newer IDs replace the oldest ones.
const MAX_SUSPECTS: usize = 10_000;

/// The IDs of messages. One of them made the broker close a channel.
///
/// The client may send further messages on a closed channel, and the broker then closes the whole
/// connection. So the messages are sent one at a time on the next connection, until the broker
/// rejects one.
#[derive(Debug, Default)]
pub(super) struct Suspects(Mutex<BTreeSet<MessageId>>);

impl Suspects {
    pub(super) fn contains(&self, id: &MessageId) -> bool {
        self.0.lock().contains(id)
    }

    pub(super) fn insert(&self, id: &MessageId) {
        let mut suspects = self.0.lock();
        suspects.insert(id.clone());
        while suspects.len() > MAX_SUSPECTS {
            suspects.pop_first();
        }
    }

    pub(super) fn remove(&self, id: &MessageId) {
        self.0.lock().remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drop_oldest_suspect_beyond_bound_msg_4() {
        let suspects = Suspects::default();
        let ids: Vec<_> = (0..=MAX_SUSPECTS).map(|_| MessageId::generate()).collect();
        for id in &ids {
            suspects.insert(id);
        }
        assert!(!suspects.contains(&ids[0]));
        assert!(suspects.contains(&ids[1]));
        suspects.remove(&ids[1]);
        assert!(!suspects.contains(&ids[1]));
    }
}
