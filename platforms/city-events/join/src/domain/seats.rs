use city_events_contract::{Timestamp, messages::SeatCounts};
use uuid::Uuid;

use super::JoinStatus;

/// The state of an event, as far as it matters for joining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventState {
    /// The event is published.
    Open,
    /// The event is a draft again.
    Unpublished,
    /// The event is canceled. No other state follows.
    Canceled,
}

impl EventState {
    /// Returns the name in the table.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unpublished => "unpublished",
            Self::Canceled => "canceled",
        }
    }

    /// Returns the state with this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let mut all = [Self::Open, Self::Unpublished, Self::Canceled].into_iter();
        all.find(|state| state.as_str() == name)
    }
}

/// The seats and the waitlist of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seats {
    pub(crate) event: Uuid,
    /// The number of seats: 0 if unlimited, -1 after the event was canceled.
    pub(crate) capacity: i32,
    /// Joins with a seat. For a canceled event: those that have not expired.
    pub(crate) active: i64,
    /// Joins on the waitlist. For a canceled event: those that have not expired.
    pub(crate) waitlisted: i64,
    pub(crate) state: EventState,
    /// Absent if no message contained it.
    pub(crate) owner: Option<String>,
    /// Absent if no message contained it.
    pub(crate) ends_at: Option<Timestamp>,
    /// Time of the newest applied message about the event.
    pub(crate) announced_at: Timestamp,
    /// Time of the last join.
    pub(crate) joined_at: Option<Timestamp>,
    /// Increases with every change of the counts.
    pub(crate) revision: i64,
    pub(crate) updated_at: Timestamp,
}

impl Seats {
    pub(crate) const fn has_free_seat(&self) -> bool {
        self.capacity == 0 || self.active < self.capacity as i64
    }

    /// Returns whether the event is published and has not ended.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        self.state == EventState::Open && self.ends_at.is_none_or(|end| end > now)
    }

    /// Returns the time of the next join: `now`, but at least one microsecond after the last join.
    /// The times of joins then define the order of the waitlist, even if the clock goes back.
    pub(crate) fn next_join_time(&self, now: Timestamp) -> Timestamp {
        let after =
            |last: Timestamp| Timestamp::from(last.get() + chrono::TimeDelta::microseconds(1));
        self.joined_at.map_or(now, |last| now.max(after(last)))
    }

    /// Returns the counts for messages and responses. They are zero from the cancellation on.
    pub(crate) const fn counts(&self) -> SeatCounts {
        let (active, waitlisted) = match self.state {
            EventState::Canceled => (0, 0),
            EventState::Open | EventState::Unpublished => (self.active, self.waitlisted),
        };
        SeatCounts {
            active,
            waitlisted,
            revision: self.revision,
        }
    }

    /// Counts a status change of a join, as a new revision.
    pub(crate) fn apply_change(&mut self, from: Option<JoinStatus>, to: JoinStatus) {
        if let Some(count) = from.and_then(|from| self.count_mut(from)) {
            *count = (*count - 1).max(0);
        }
        if let Some(count) = self.count_mut(to) {
            *count += 1;
        }
        self.revision += 1;
    }

    /// Counts an expired join of a canceled event. The published counts stay zero, so this is not a
    /// new revision.
    pub(crate) fn apply_expiry(&mut self, from: JoinStatus) {
        if let Some(count) = self.count_mut(from) {
            *count = (*count - 1).max(0);
        }
    }

    const fn count_mut(&mut self, status: JoinStatus) -> Option<&mut i64> {
        match status {
            JoinStatus::Active => Some(&mut self.active),
            JoinStatus::Waitlisted => Some(&mut self.waitlisted),
            JoinStatus::Canceled | JoinStatus::Expired | JoinStatus::Rejected => None,
        }
    }
}
