use city_events_contract::Timestamp;
use uuid::Uuid;

use super::{Details, State};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) owner: String,
    pub(crate) details: Details,
    pub(crate) active_participants: i32,
    pub(crate) state: State,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Event {
    /// Creates a draft.
    pub(crate) fn new(owner: String, details: Details, now: Timestamp) -> Self {
        Self {
            id: seaworthy::core::new_id(),
            owner,
            details,
            active_participants: 0,
            state: State::NEW,
            created_at: now,
            updated_at: now,
        }
    }

    pub(crate) fn has_ended(&self, now: Timestamp) -> bool {
        self.details.end_time <= now
    }

    /// Returns whether users can join the event.
    pub(crate) fn is_joinable(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Published { .. }) && !self.has_ended(now)
    }

    /// Returns the time of the next change: `now`, or one microsecond after the last change if the
    /// clock did not advance. Consumers order changes by this time.
    pub(crate) fn next_update_time(&self, now: Timestamp) -> Timestamp {
        now.max(Timestamp::from(
            self.updated_at.get() + chrono::TimeDelta::microseconds(1),
        ))
    }
}
