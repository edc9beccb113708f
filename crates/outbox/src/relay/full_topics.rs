use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use seaworthy_messaging::{PublishError, Topic};

/// Counts for each topic how many batches in a row its full queue rejected. The backoff of its rows
/// grows with this number.
#[derive(Debug, Default)]
pub(super) struct FullTopics(Mutex<BTreeMap<Topic, u32>>);

impl FullTopics {
    /// Records the results of a batch. A published message resets the count of its topic.
    pub(super) fn record<'a>(
        &self,
        results: impl Iterator<Item = (&'a Topic, &'a Result<(), PublishError>)>,
    ) {
        let (mut full, mut published) = (BTreeSet::new(), BTreeSet::new());
        for (topic, result) in results {
            match result {
                Ok(()) => drop(published.insert(topic)),
                Err(PublishError::QueueFull { .. }) => drop(full.insert(topic)),
                Err(_) => {}
            }
        }
        let mut rejections = self.0.lock();
        for topic in published {
            rejections.remove(topic);
        }
        for topic in full {
            let count = rejections.entry(topic.clone()).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Returns how many batches in a row the queue of this topic rejected.
    pub(super) fn rejections(&self, topic: &Topic) -> u32 {
        self.0.lock().get(topic).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejections_grow_until_a_message_is_published_msg_4() {
        let topic = Topic::new("full").unwrap();
        let rejected = || {
            Err(PublishError::QueueFull {
                topic: topic.clone(),
            })
        };
        let topics = FullTopics::default();
        for count in 1..=3 {
            let results = [rejected(), rejected()];
            topics.record(results.iter().map(|result| (&topic, result)));
            assert_eq!(topics.rejections(&topic), count);
        }
        topics.record([(&topic, &Ok(()))].into_iter());
        assert_eq!(topics.rejections(&topic), 0);
        let results = [rejected(), Ok(())];
        topics.record(results.iter().map(|result| (&topic, result)));
        assert_eq!(topics.rejections(&topic), 1);
    }
}
