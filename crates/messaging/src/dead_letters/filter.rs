use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{DeadLetter, DeadLetterId, DeadLetterReason, GroupName};

/// Filters dead letters. A letter matches if all given fields match.
///
/// ```
/// use seaworthy_messaging::{DeadLetterReason, dead_letters::DeadLetterFilter};
///
/// let filter = DeadLetterFilter {
///     reason: Some(DeadLetterReason::Rejected),
///     ..DeadLetterFilter::default()
/// };
/// assert!(!filter.matches_all());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterFilter {
    /// The IDs. An empty set matches any ID.
    pub ids: BTreeSet<DeadLetterId>,
    /// The consumer group that failed.
    pub group: Option<GroupName>,
    /// The event type.
    pub event_type: Option<String>,
    /// The reason.
    pub reason: Option<DeadLetterReason>,
    /// The fingerprint of the cause.
    pub fingerprint: Option<String>,
    /// The earliest time of the last failure. Without one the time of the message counts.
    pub since: Option<DateTime<Utc>>,
    /// The time before which the last failure happened.
    pub until: Option<DateTime<Utc>>,
}

impl DeadLetterFilter {
    /// Creates a filter for one ID.
    #[must_use]
    pub fn by_id(id: DeadLetterId) -> Self {
        Self {
            ids: BTreeSet::from([id]),
            ..Self::default()
        }
    }

    /// Whether the filter matches every dead letter.
    #[must_use]
    pub fn matches_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the filter matches the letter.
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
