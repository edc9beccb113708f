use std::time::{Duration, Instant};

use super::{
    handle::CircuitBreaker,
    late_report::LateReport,
    ticket::{Role, Ticket},
};
use crate::{CallError, Classify, Outcome, guarded::Permission};

/// A call that the breaker let through. Report its outcome; one that is dropped without is not counted.
#[derive(Debug)]
#[must_use = "report the outcome of the call"]
pub struct Admission {
    breaker: CircuitBreaker,
    ticket: Ticket,
    began: Instant,
    /// The number of a call that was seen without an answer.
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

    /// Reports how the call ended.
    pub fn report(self, outcome: Outcome, now: Instant) {
        let took = self.until(now);
        self.report_took(outcome, took, now);
    }

    /// Tells that the answer is still to come: a call that waits is judged before it ends. One that is reported without this is judged when it is.
    pub fn wait(&mut self) {
        if self.waiting.is_none() && self.ticket.role == Role::Ordinary {
            let (ticket, began) = (self.ticket, self.began);
            self.waiting = self
                .breaker
                .change(|machine| machine.wait_for(ticket, began));
        }
    }

    /// How long the call took. Most calls that are ready at once end at the instant that they began.
    fn until(&self, now: Instant) -> Duration {
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
                machine.wait_no_longer(number);
            }
            machine.record(self.ticket, outcome, took, now)
        });
        breaker.tell(tripped);
    }
}

impl<T, E, C: Classify<T, E>> Permission<T, E, C> for Admission {
    /// Its time counts from here, as that of a timeout does: how long its caller let it lie is not the dependency's doing.
    fn waits(&mut self) {
        self.began = tokio::time::Instant::now().into_std();
        self.wait();
    }

    /// An answer that was there at the first look was not slow: the clock is read once for such a call, not twice.
    fn ended(&self, waited: bool) -> Instant {
        if waited {
            tokio::time::Instant::now().into_std()
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
        let report_now = match result {
            // A probe or a trial holds a place that others wait for, and a stream may last for hours.
            Ok(response)
                if C::DEFERS
                    && outcome == Outcome::Success
                    && self.ticket.role == Role::Ordinary =>
            {
                let took = self.until(now);
                let breaker = &self.breaker;
                if self.waiting.is_some() || breaker.watches_silence() {
                    breaker.change(|machine| machine.answered(self.ticket, took));
                }
                let late = classify.defer(response, LateReport::new(self, took));
                late.and_then(LateReport::take_back)
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
            self.breaker
                .change(|machine| machine.give_back(self.ticket));
        } else if let Some(number) = self.waiting {
            self.breaker
                .change(|machine| machine.wait_no_longer(number));
        }
    }
}
