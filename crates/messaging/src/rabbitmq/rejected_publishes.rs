use std::collections::BTreeSet;

use parking_lot::Mutex;

use crate::MessageId;

/// Maximum number of IDs, more than the messages of one batch. Newer IDs replace the oldest ones.
const MAX_IDS: usize = 10_000;

/// The IDs of the messages that were in flight when the broker closed a channel. It rejected one of
/// them.
///
/// The client may send further messages on a closed channel, and the broker then closes the whole
/// connection. So the messages are sent one at a time on the next connection, until the broker
/// rejects one.
#[derive(Debug, Default)]
pub(super) struct RejectedPublishes(Mutex<BTreeSet<MessageId>>);

impl RejectedPublishes {
    pub(super) fn contains(&self, id: &MessageId) -> bool {
        self.0.lock().contains(id)
    }

    pub(super) fn insert(&self, id: &MessageId) {
        let mut rejected = self.0.lock();
        rejected.insert(id.clone());
        while rejected.len() > MAX_IDS {
            rejected.pop_first();
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
    fn drop_oldest_id_beyond_maximum_msg_4() {
        let rejected = RejectedPublishes::default();
        let ids: Vec<_> = (0..=MAX_IDS).map(|_| MessageId::generate()).collect();
        for id in &ids {
            rejected.insert(id);
        }
        assert!(!rejected.contains(&ids[0]));
        assert!(rejected.contains(&ids[1]));
        rejected.remove(&ids[1]);
        assert!(!rejected.contains(&ids[1]));
    }
}
