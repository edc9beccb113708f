use city_events_contract::{Moment, messages::SeatCounts};
use uuid::Uuid;

use super::decision::Closed;

/// Whether the event of the places takes anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlacesState {
    /// It is published.
    Open,
    /// It is a draft again.
    Unpublished,
    /// It is over for good.
    Canceled,
}

impl PlacesState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unpublished => "unpublished",
            Self::Canceled => "canceled",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut all = [Self::Open, Self::Unpublished, Self::Canceled].into_iter();
        all.find(|state| state.as_str() == name)
    }
}

/// The places of an event, and what of the event matters for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) event: Uuid,
    /// 0 for as many as are wanted, -1 once the event is canceled.
    pub(crate) capacity: i32,
    /// Joins with a place. For a canceled event: those that have not expired.
    pub(crate) active: i64,
    /// Joins on the waitlist. For a canceled event: those that have not expired.
    pub(crate) waitlisted: i64,
    pub(crate) state: PlacesState,
    /// None where the announcement did not say.
    pub(crate) owner: Option<String>,
    /// None where the announcement did not say.
    pub(crate) ends_at: Option<Moment>,
    pub(crate) announced_at: Moment,
    /// What the last join was given.
    pub(crate) joined_at: Option<Moment>,
    pub(crate) revision: i64,
    pub(crate) updated_at: Moment,
}

impl Places {
    /// Whether one more may have a place.
    pub(crate) const fn have_room(&self) -> bool {
        self.capacity == 0 || self.active < self.capacity as i64
    }

    /// Why nobody may join, if it is so.
    pub(crate) fn closed(&self, now: Moment) -> Option<Closed> {
        match self.state {
            PlacesState::Canceled => Some(Closed::Canceled),
            PlacesState::Unpublished => Some(Closed::Unpublished),
            PlacesState::Open if self.ends_at.is_some_and(|end| end <= now) => Some(Closed::Ended),
            PlacesState::Open => None,
        }
    }

    /// A moment for the next join: that of the clock, or one after the last if the clock has not moved on.
    pub(crate) fn next_moment(&self, now: Moment) -> Moment {
        let after = |last: Moment| Moment::from(last.get() + chrono::TimeDelta::microseconds(1));
        self.joined_at.map_or(now, |last| now.max(after(last)))
    }

    /// The counts for messages and answers: zero as soon as the event is canceled.
    pub(crate) const fn seats(&self) -> SeatCounts {
        let (active, waitlisted) = match self.state {
            PlacesState::Canceled => (0, 0),
            PlacesState::Open | PlacesState::Unpublished => (self.active, self.waitlisted),
        };
        SeatCounts {
            active,
            waitlisted,
            revision: self.revision,
        }
    }
}
