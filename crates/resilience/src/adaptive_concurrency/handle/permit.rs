use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::{Duration, Instant},
};

use super::AdaptiveConcurrency;
use crate::{CallError, Outcome, adaptive_concurrency::window::End, clock, guarded::Permit};

/// The bit of `waits` that is set when the response of a request has begun.
const RESPONDING: u8 = 1;
/// The bit of `waits` that is set while a request waits for the rest of its body.
const READING: u8 = 2;

/// An admitted request. It counts as in flight until the permit is dropped.
#[derive(Debug)]
#[must_use = "the request counts as in flight until this is dropped"]
pub struct ConcurrencyPermit {
    limit: AdaptiveConcurrency,
    started: Instant,
    /// The reasons why the request waits for its client, as bits.
    waits: AtomicU8,
}

impl ConcurrencyPermit {
    pub(super) fn new(limit: AdaptiveConcurrency, started: Instant) -> Self {
        Self {
            limit,
            started,
            waits: AtomicU8::new(0),
        }
    }

    /// Records the result of the request. `waited` is the time that the request waited for its own
    /// client, which is not part of its latency.
    ///
    /// Only requests that did their work are measured. A transient failure can show that the work
    /// takes longer than its own duration. An immediate failure shows nothing.
    pub fn record(&self, outcome: Outcome, waited: Duration) {
        if self.limit.is_measured() {
            self.record_at(outcome, waited, clock::now());
        }
    }

    /// Records that the client disconnected before the response. `waited` is as in
    /// [`record`](Self::record).
    ///
    /// Abandoned requests can show an overload. A request that waits for its own client shows
    /// nothing.
    pub fn abandon(&self, waited: Duration) {
        if self.waits.load(Ordering::Acquire) == 0 && self.limit.is_measured() {
            let now = clock::now();
            self.limit
                .measure(End::Abandoned, self.latency(waited, now), now);
        }
    }

    /// Excludes the request from the limit that follows the latency. From then on it counts only
    /// for the maximum. Call it when the response begins, because its end depends on the client.
    /// Otherwise slow readers and streams could fill a low limit, and no finished request would
    /// raise it again.
    pub fn begin_response(&self) {
        self.exclude(RESPONDING);
    }

    /// Excludes the request from the limit that follows the latency while it waits for the rest of
    /// its body. Otherwise slow uploads could fill a low limit.
    pub fn set_reading(&self, is_reading: bool) {
        if is_reading {
            self.exclude(READING);
        } else if self.waits.fetch_and(!READING, Ordering::AcqRel) == READING {
            self.limit.0.excluded.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn exclude(&self, wait: u8) {
        if self.waits.fetch_or(wait, Ordering::AcqRel) == 0 {
            self.limit.0.excluded.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Records the result at a given time, for simulations, and ends the request.
    pub fn finish_at(self, outcome: Outcome, now: Instant) {
        let limit = self.limit.clone();
        let started = self.started;
        drop(self);
        limit.record(outcome, now.saturating_duration_since(started), now);
    }

    fn record_at(&self, outcome: Outcome, waited: Duration, now: Instant) {
        self.limit.record(outcome, self.latency(waited, now), now);
    }

    fn latency(&self, waited: Duration, now: Instant) -> Duration {
        let latency = now.saturating_duration_since(self.started);
        latency.saturating_sub(waited)
    }
}

impl<T, E, C> Permit<T, E, C> for ConcurrencyPermit {
    fn finish(self, _: &C, _: &mut Result<T, CallError<E>>, outcome: Outcome, now: Instant) {
        self.finish_at(outcome, now);
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        // In this order, so that a new request never sees too few requests at work.
        if *self.waits.get_mut() != 0 {
            self.limit.0.excluded.fetch_sub(1, Ordering::AcqRel);
        }
        self.limit.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}
