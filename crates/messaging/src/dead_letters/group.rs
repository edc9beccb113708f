use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{DeadLetter, DeadLetterId, DeadLetterReason, GroupName, Topic};

/// Dead letters of the same cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetterGroup {
    /// The fingerprint of the cause. [`DeadLetterFilter`](super::DeadLetterFilter) selects by it.
    pub fingerprint: String,
    /// The topic.
    pub topic: Topic,
    /// The consumer group that failed.
    pub group: Option<GroupName>,
    /// The event type.
    pub event_type: String,
    /// The reason.
    pub reason: DeadLetterReason,
    /// The class of the failure.
    pub class: String,
    /// The message of the latest failure.
    pub message: String,
    /// The number of dead letters.
    pub count: u64,
    /// The number of dead letters that failed again after a replay.
    pub replayed: u64,
    /// The time of the first failure.
    pub first_failed: Option<DateTime<Utc>>,
    /// The time of the last failure.
    pub last_failed: Option<DateTime<Utc>>,
    /// The ID of the latest dead letter.
    pub example: DeadLetterId,
}

impl DeadLetterGroup {
    fn of(letter: DeadLetter) -> Self {
        Self {
            fingerprint: letter.fingerprint,
            topic: letter.envelope.topic().clone(),
            group: letter.group,
            event_type: letter.envelope.event_type().to_owned(),
            reason: letter.reason,
            class: letter.class,
            message: letter.message,
            count: 1,
            replayed: u64::from(letter.replays > 0),
            first_failed: letter.first_failed,
            last_failed: letter.last_failed,
            example: letter.id,
        }
    }

    /// Adds a later group.
    fn merge(&mut self, later: Self) {
        let first = [self.first_failed, later.first_failed];
        let last = self.last_failed.max(later.last_failed);
        *self = Self {
            count: self.count + later.count,
            replayed: self.replayed + later.replayed,
            first_failed: first.into_iter().flatten().min(),
            last_failed: last,
            ..later
        };
    }
}

/// Groups letters by topic, consumer group, event type, reason and fingerprint, the largest group
/// first.
pub(super) fn group(letters: impl IntoIterator<Item = DeadLetter>) -> Vec<DeadLetterGroup> {
    let mut groups = BTreeMap::new();
    for one in letters.into_iter().map(DeadLetterGroup::of) {
        let key = (
            one.topic.clone(),
            one.group.clone(),
            one.event_type.clone(),
            one.reason,
            one.fingerprint.clone(),
        );
        match groups.get_mut(&key) {
            None => drop(groups.insert(key, one)),
            Some(group) => DeadLetterGroup::merge(group, one),
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}
