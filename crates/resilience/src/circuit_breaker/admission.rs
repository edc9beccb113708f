use std::time::{Duration, Instant};

use super::{
    deferred_report::DeferredReport,
    handle::CircuitBreaker,
    ticket::{Role, Ticket},
};
use crate::{CallError, Classify, Outcome, guarded::Permit};

/// A call that the breaker admitted. A call that is dropped without a report is not counted.
#[derive(Debug)]
#[must_use = "report the outcome of the call"]
pub struct Admission {
    breaker: CircuitBreaker,
    ticket: Ticket,
    began: Instant,
    /// Number of a pending call.
    waiting: Option<u64>,
    reported: bool,
}

impl Admission {
    pub(super) const fn new(breaker: CircuitBreaker, ticket: Ticket, began: Instant) -> Self {
        Self {
            breaker,
            ticket,
            began,
            waiting: None,
            reported: false,
        }
    }

    /// Reports the outcome of the call.
    pub fn report(self, outcome: Outcome, now: Instant) {
        let took = self.duration_until(now);
        self.report_took(outcome, took, now);
    }

    /// Marks the call as pending. The breaker may then open before the call ends.
    pub fn mark_pending(&mut self) {
        if self.waiting.is_none() && self.ticket.role == Role::Ordinary {
            let (ticket, began) = (self.ticket, self.began);
            self.waiting = self
                .breaker
                .change(|machine| machine.add_pending(ticket, began));
        }
    }

    /// Returns the duration of the call. A call that is ready immediately has the duration zero.
    fn duration_until(&self, now: Instant) -> Duration {
        if now == self.began {
            return Duration::ZERO;
        }
        now.saturating_duration_since(self.began)
    }

    pub(super) fn report_took(mut self, outcome: Outcome, took: Duration, now: Instant) {
        self.reported = true;
        let breaker = &self.breaker;
        let quick = outcome == Outcome::Success && took.is_zero() && self.waiting.is_none();
        if quick && breaker.count_success(self.ticket, now) {
            return;
        }
        let tripped = breaker.change(|machine| {
            if let Some(number) = self.waiting {
                machine.remove_pending(number);
            }
            machine.record(self.ticket, outcome, took, now)
        });
        breaker.report_trip(tripped);
    }
}

impl<T, E, C: Classify<T, E>> Permit<T, E, C> for Admission {
    /// Starts the duration at the first poll, as a timeout does.
    fn on_pending(&mut self) {
        self.began = crate::clock::now();
        self.mark_pending();
    }

    /// A call that was ready at its first poll was not slow, so the clock is not read again.
    fn end_time(&self, was_pending: bool) -> Instant {
        if was_pending {
            crate::clock::now()
        } else {
            self.began
        }
    }

    fn finish(
        self,
        classify: &C,
        result: &mut Result<T, CallError<E>>,
        outcome: Outcome,
        now: Instant,
    ) {
        let outcome = match &*result {
            Ok(response) => classify.breaker_outcome(response, outcome),
            Err(_) => outcome,
        };
        let report_now = match result {
            // Probes and half-open calls report immediately, because a stream may last for hours.
            Ok(response)
                if C::DEFERS
                    && outcome == Outcome::Success
                    && self.ticket.role == Role::Ordinary =>
            {
                let took = self.duration_until(now);
                let breaker = &self.breaker;
                if self.waiting.is_some() || breaker.may_be_stalled() {
                    breaker.change(|machine| machine.record_head(self.ticket, took));
                }
                let late = classify.defer(response, DeferredReport::new(self, took));
                late.and_then(DeferredReport::into_admission)
            }
            _ => Some(self),
        };
        if let Some(admission) = report_now {
            admission.report(outcome, now);
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if self.reported {
            return;
        }
        if self.ticket.role != Role::Ordinary {
            self.breaker.change(|machine| machine.release(self.ticket));
        } else if let Some(number) = self.waiting {
            self.breaker
                .change(|machine| machine.remove_pending(number));
        }
    }
}
