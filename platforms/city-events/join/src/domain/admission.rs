//! The decision whether a user gets a seat.

use city_events_contract::Timestamp;

use super::{Actor, Candidate, Decision, JoinStatus, Rejection, Seats};

/// The bounds of the length of a waitlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waitlist {
    min_length: i64,
    max_length: i64,
}

impl Waitlist {
    /// Creates bounds. `min_length` applies if it exceeds `max_length`.
    pub(crate) fn new(min_length: u32, max_length: u32) -> Self {
        Self {
            min_length: min_length.into(),
            max_length: max_length.max(min_length).into(),
        }
    }

    /// Returns the maximum length for an event: its capacity within the bounds.
    pub(crate) fn length(self, capacity: i32) -> i64 {
        i64::from(capacity).clamp(self.min_length, self.max_length)
    }
}

/// Decides about a user without a seat. While the waitlist is not empty, the user goes to its end,
/// even if a seat is free.
pub(crate) fn admit(seats: &Seats, waitlist: Waitlist) -> Decision {
    if seats.has_free_seat() && seats.waitlisted == 0 {
        Decision::Status(JoinStatus::Active)
    } else if seats.waitlisted < waitlist.length(seats.capacity) {
        Decision::Status(JoinStatus::Waitlisted)
    } else {
        Decision::Full
    }
}

/// Checks whether the user may join the event at all.
///
/// # Errors
/// The reason why the user may not join.
pub(crate) fn check_join(
    seats: &Seats,
    candidate: &Candidate,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Rejection> {
    if !seats.is_open(now) {
        return Err(Rejection::EventClosed);
    }
    if seats.owner.as_deref().is_some_and(|owner| actor.is(owner)) {
        return Err(Rejection::Forbidden);
    }
    if candidate.is_banned(now) {
        return Err(Rejection::Banned);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
