use city_events_contract::Moment;
use uuid::Uuid;

use super::{Details, State};

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) owner: String,
    pub(crate) details: Details,
    pub(crate) active_participants: i32,
    pub(crate) state: State,
    pub(crate) created_at: Moment,
    pub(crate) updated_at: Moment,
}

impl Event {
    /// A new one, of this owner.
    pub(crate) fn new(owner: String, details: Details, now: Moment) -> Self {
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

    pub(crate) fn has_ended(&self, now: Moment) -> bool {
        self.details.end_time <= now
    }

    /// Whether people may join.
    pub(crate) fn is_joinable(&self, now: Moment) -> bool {
        matches!(self.state, State::Published { .. }) && !self.has_ended(now)
    }

    /// A moment for the next change: that of the clock, or one after the last change if the clock has not moved on. So whoever hears of two changes knows which was later.
    pub(crate) fn next_moment(&self, now: Moment) -> Moment {
        now.max(Moment::from(
            self.updated_at.get() + chrono::TimeDelta::microseconds(1),
        ))
    }
}
