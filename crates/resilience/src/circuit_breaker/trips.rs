use std::{collections::VecDeque, time::Instant};

use super::snapshot::{Trip, TripReason};

/// Number of openings that the admin API lists.
const MAX_TRIPS: usize = 5;

/// The last openings, newest first.
#[derive(Debug)]
pub(super) struct Trips(VecDeque<(TripReason, Instant)>);

impl Trips {
    pub(super) fn new() -> Self {
        Self(VecDeque::with_capacity(MAX_TRIPS))
    }

    pub(super) fn record(&mut self, reason: TripReason, now: Instant) {
        self.0.truncate(MAX_TRIPS - 1);
        self.0.push_front((reason, now));
    }

    pub(super) fn with_ages(&self, now: Instant) -> Vec<Trip> {
        let trip = |&(reason, at): &(TripReason, Instant)| Trip {
            reason,
            age: now.saturating_duration_since(at),
        };
        self.0.iter().map(trip).collect()
    }
}
