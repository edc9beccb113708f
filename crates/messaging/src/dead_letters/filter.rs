use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{DeadLetter, DeadLetterId, DeadLetterReason, GroupName};

/// Which dead letters: those for which all holds that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterFilter {
    /// One of these; any, where there are none.
    pub ids: BTreeSet<DeadLetterId>,
    /// The group that could not handle it.
    pub group: Option<GroupName>,
    /// The kind of event.
    pub event_type: Option<String>,
    /// Why it was given up.
    pub reason: Option<DeadLetterReason>,
    /// What failures of the same cause share.
    pub fingerprint: Option<String>,
    /// It failed last at this moment or later. What does not say when it failed is judged by when it was made.
    pub since: Option<DateTime<Utc>>,
    /// It failed last before this moment.
    pub until: Option<DateTime<Utc>>,
}

impl DeadLetterFilter {
    /// This one alone.
    #[must_use]
    pub fn by_id(id: DeadLetterId) -> Self {
        Self {
            ids: BTreeSet::from([id]),
            ..Self::default()
        }
    }

    /// Whether every dead letter passes.
    #[must_use]
    pub fn matches_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether all holds for this one.
    #[must_use]
    pub fn matches(&self, letter: &DeadLetter) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
            wanted.is_none() || wanted == found
        }
        let failed = letter.last_failed.or(letter.envelope.time());
        let event_type = self.event_type.as_deref();
        (self.ids.is_empty() || self.ids.contains(&letter.id))
            && is(self.group.as_ref(), letter.group.as_ref())
            && event_type.is_none_or(|wanted| wanted == letter.envelope.event_type())
            && is(self.reason.as_ref(), Some(&letter.reason))
            && is(self.fingerprint.as_ref(), Some(&letter.fingerprint))
            && self
                .since
                .is_none_or(|since| failed.is_some_and(|failed| failed >= since))
            && self
                .until
                .is_none_or(|until| failed.is_some_and(|failed| failed < until))
    }
}
