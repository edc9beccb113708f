use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::Topic;

/// How long groups count as bound. The broker reports a lost queue only if the message has no other
/// queue, so the publisher binds the groups again after this time. It costs a few requests.
const TTL: Duration = Duration::from_secs(5 * 60);

/// The topics whose required groups were bound on a connection.
#[derive(Debug, Default)]
pub(super) struct Bound {
    topics: BTreeMap<Topic, Instant>,
    generation: u64,
}

/// Detects bindings that are lost while groups are being bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(u64);

impl Bound {
    pub(super) fn contains(&self, topic: &Topic, now: Instant) -> bool {
        let bound_at = self.topics.get(topic);
        bound_at.is_some_and(|at| now.saturating_duration_since(*at) < TTL)
    }

    pub(super) fn generation(&self) -> Generation {
        Generation(self.generation)
    }

    /// Records that the groups of a topic were bound, unless bindings were lost since `begun`.
    pub(super) fn insert(&mut self, topic: Topic, begun: Generation, now: Instant) {
        if begun == self.generation() {
            self.topics.insert(topic, now);
        }
    }

    /// Records that a topic has another group, or may have lost one.
    pub(super) fn remove(&mut self, topic: &Topic) {
        self.generation += 1;
        self.topics.remove(topic);
    }

    /// Records that all bindings may be lost.
    pub(super) fn clear(&mut self) {
        self.generation += 1;
        self.topics.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_bound_again_after_their_ttl_msg_3() {
        let (topic, begun) = (Topic::new("orders").unwrap(), Instant::now());
        let mut bound = Bound::default();
        assert!(!bound.contains(&topic, begun));
        bound.insert(topic.clone(), bound.generation(), begun);
        let last = begun + TTL - Duration::from_millis(1);
        assert!(bound.contains(&topic, last));
        assert!(!bound.contains(&topic, begun + TTL));
    }

    #[test]
    fn binding_that_may_be_lost_is_not_recorded_msg_3() {
        let (topic, now) = (Topic::new("orders").unwrap(), Instant::now());
        let mut bound = Bound::default();
        let begun = bound.generation();
        // Meanwhile another task declares a lost exchange, or requires another group.
        bound.clear();
        bound.insert(topic.clone(), begun, now);
        assert!(!bound.contains(&topic, now));
        let begun = bound.generation();
        bound.remove(&topic);
        bound.insert(topic.clone(), begun, now);
        assert!(!bound.contains(&topic, now));
        bound.insert(topic.clone(), bound.generation(), now);
        assert!(bound.contains(&topic, now));
    }
}
