use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{DeadLetter, DeadLetterId, DeadLetterReason, GroupName, Topic};

/// Dead letters of the same cause: what an operator decides about at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetterGroup {
    /// What they share; a [`DeadLetterFilter`](super::DeadLetterFilter) finds them by it.
    pub fingerprint: String,
    /// The topic.
    pub topic: Topic,
    /// The group of consumers that could not handle them.
    pub group: Option<GroupName>,
    /// The kind of event.
    pub event_type: String,
    /// Why they were given up.
    pub reason: DeadLetterReason,
    /// The kind of failure.
    pub class: String,
    /// What the latest failure said.
    pub message: String,
    /// How many they are.
    pub count: u64,
    /// How many of them were replayed before, and failed again.
    pub replayed: u64,
    /// When the first of them failed.
    pub first_failed: Option<DateTime<Utc>>,
    /// When the last of them failed.
    pub last_failed: Option<DateTime<Utc>>,
    /// The latest, as an example.
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

    /// Takes in one that came later.
    fn join(&mut self, later: Self) {
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

/// Groups by topic, group of consumers, kind of event, reason and fingerprint; the largest group first.
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
            Some(group) => DeadLetterGroup::join(group, one),
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}
