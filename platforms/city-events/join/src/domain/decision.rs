//! Who gets a place.

use super::{Decided, JoinStatus, Places};
use crate::config::WaitlistConfig;

/// Why an event takes nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    Canceled,
    Unpublished,
    Ended,
}

/// How many may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waitlist {
    shortest: i64,
    longest: i64,
}

impl Waitlist {
    /// The bounds of the settings; the shortest counts where they contradict each other.
    pub(crate) fn new(config: &WaitlistConfig) -> Self {
        Self {
            shortest: config.shortest.get().into(),
            longest: config.longest.max(config.shortest).get().into(),
        }
    }

    /// As many as the event has places, within the bounds.
    pub(crate) fn length(self, capacity: i32) -> i64 {
        i64::from(capacity).clamp(self.shortest, self.longest)
    }
}

/// What somebody gets who is not in yet. Who waits comes before who comes: while anybody waits, a newcomer waits behind them, also where there is room.
pub(crate) fn admit(places: &Places, waitlist: Waitlist) -> Decided {
    if places.have_room() && places.waitlisted == 0 {
        Decided::Status(JoinStatus::Active)
    } else if places.waitlisted < waitlist.length(places.capacity) {
        Decided::Status(JoinStatus::Waitlisted)
    } else {
        Decided::Full
    }
}

#[cfg(test)]
mod tests;
