use std::time::{Duration, Instant};

/// A run of failures that chance does not explain while others work.
const FAILURES: u32 = 5;
/// How long a replica is left out for the first time: one round of a restart.
const FIRST: Duration = Duration::from_secs(1);
/// Doublings of that: half a minute at most.
const DOUBLINGS: u32 = 5;
/// A call that tries a replica again is alone for so many times its patience: when the patience is over, its failure is on the way.
const PATIENCES: u32 = 2;

/// Whether a replica is left out because of how its calls end. It reads no clock.
#[derive(Debug, Default)]
pub(super) struct Ejection {
    failures: u32,
    times: u32,
    until: Option<Instant>,
    /// Until when the one call that tries it again is waited for.
    tried_until: Option<Instant>,
}

impl Ejection {
    pub(super) fn is_out(&self, now: Instant) -> bool {
        self.is_left_out(now) || self.tried_until.is_some_and(|until| now < until)
    }

    /// A call is sent there. The first one after it was left out is alone until it ends, or for so long that nothing
    /// will be told of it any more: a replica that is still bad costs one call. Whether this is that call.
    pub(super) fn begin(&mut self, patience: Duration, now: Instant) -> bool {
        let tries = self.times > 0 && !self.is_out(now);
        if tries {
            self.tried_until = now.checked_add(patience.saturating_mul(PATIENCES));
        }
        tries
    }

    /// The call that tries it again holds nobody up any more, though nothing is known of its end.
    pub(super) fn end_trial(&mut self) {
        self.tried_until = None;
    }

    fn is_left_out(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// A call ended; whether the replica is left out from now on. One that comes back is left out again by its first failure.
    pub(super) fn record(&mut self, failed: bool, now: Instant) -> bool {
        if !failed {
            *self = Self::default();
            return false;
        }
        self.failures = self.failures.saturating_add(1);
        if self.is_left_out(now) || (self.failures < FAILURES && self.times == 0) {
            return false;
        }
        let factor = 1_u32.checked_shl(self.times.min(DOUBLINGS)).unwrap_or(1);
        self.tried_until = None;
        self.until = now.checked_add(FIRST.saturating_mul(factor));
        self.times = self.times.saturating_add(1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_leave_it_out_longer_each_time_until_a_success_res_1() {
        let (mut ejection, mut now) = (Ejection::default(), Instant::now());
        for _ in 0..3 {
            for _ in 0..FAILURES - 1 {
                assert!(!ejection.record(true, now));
            }
            ejection.record(false, now);
        }
        for _ in 0..FAILURES - 1 {
            ejection.record(true, now);
        }
        assert!(!ejection.is_out(now));
        let mut wait = FIRST;
        for time in 0..10 {
            assert!(ejection.record(true, now), "{time}");
            assert!(
                !ejection.record(true, now),
                "calls that were under way count once"
            );
            assert!(ejection.is_out(now + wait - Duration::from_millis(1)));
            now += wait;
            assert!(!ejection.is_out(now));
            wait = (wait * 2).min(FIRST * 32);
        }
        ejection.record(false, now);
        assert!(!ejection.record(true, now));
    }
    #[test]
    fn one_that_comes_back_is_tried_by_one_call_alone_res_1() {
        let (mut ejection, mut now) = (Ejection::default(), Instant::now());
        let patience = Duration::from_millis(500);
        for _ in 0..FAILURES {
            ejection.begin(patience, now);
            assert!(!ejection.is_out(now), "before the run is over");
            ejection.record(true, now);
        }
        now += FIRST;
        assert!(!ejection.is_out(now));
        ejection.begin(patience, now);
        assert!(ejection.is_out(now), "while it is tried");
        // Nothing was said of the call: the next one tries it.
        now += patience * PATIENCES;
        assert!(!ejection.is_out(now));
        ejection.begin(patience, now);
        assert!(ejection.record(true, now));
        now += FIRST * 2;
        ejection.begin(patience, now);
        ejection.record(false, now);
        assert!(!ejection.is_out(now), "once it answered");
    }
}
