use std::time::{Duration, Instant};

/// Number of failures in a row that eject a replica. They are not random while others work.
const FAILURES: u32 = 5;
/// The duration of the first ejection.
const FIRST: Duration = Duration::from_secs(1);
/// Maximum number of doublings of the duration, which then is about half a minute.
const DOUBLINGS: u32 = 5;
/// A test call is the only call of its replica for this many attempt timeouts. A failure arrives
/// within this time.
const TEST_TIMEOUTS: u32 = 2;

/// The ejection state of a replica, by the outcomes of its calls. It does not read a clock.
#[derive(Debug, Default)]
pub(super) struct Ejection {
    failures: u32,
    times: u32,
    until: Option<Instant>,
    /// The end of waiting for the outcome of the test call.
    tried_until: Option<Instant>,
}

impl Ejection {
    pub(super) fn is_ejected(&self, now: Instant) -> bool {
        self.is_left_out(now) || self.tried_until.is_some_and(|until| now < until)
    }

    /// Records that a call begins. Returns whether it is the test call after an ejection. The test
    /// call is the only call of the replica until it ends, or until its time is over. So a bad
    /// replica costs one call.
    pub(super) fn begin(&mut self, attempt_timeout: Duration, now: Instant) -> bool {
        let is_test = self.times > 0 && !self.is_ejected(now);
        if is_test {
            self.tried_until = now.checked_add(attempt_timeout.saturating_mul(TEST_TIMEOUTS));
        }
        is_test
    }

    /// Ends the test without an outcome, so that other calls may use the replica.
    pub(super) fn end_test(&mut self) {
        self.tried_until = None;
    }

    fn is_left_out(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Records the outcome of a call. Returns whether the outcome ejects the replica. A replica
    /// that failed its test is ejected again by its first failure.
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
    fn failures_in_a_row_eject_longer_until_success_res_1() {
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
        assert!(!ejection.is_ejected(now));
        let mut wait = FIRST;
        for time in 0..10 {
            assert!(ejection.record(true, now), "{time}");
            assert!(
                !ejection.record(true, now),
                "calls that were under way count once"
            );
            assert!(ejection.is_ejected(now + wait - Duration::from_millis(1)));
            now += wait;
            assert!(!ejection.is_ejected(now));
            wait = (wait * 2).min(FIRST * 32);
        }
        ejection.record(false, now);
        assert!(!ejection.record(true, now));
    }
    #[test]
    fn returning_replica_gets_one_test_call_res_1() {
        let (mut ejection, mut now) = (Ejection::default(), Instant::now());
        let attempt_timeout = Duration::from_millis(500);
        for _ in 0..FAILURES {
            ejection.begin(attempt_timeout, now);
            assert!(!ejection.is_ejected(now), "before the run is over");
            ejection.record(true, now);
        }
        now += FIRST;
        assert!(!ejection.is_ejected(now));
        ejection.begin(attempt_timeout, now);
        assert!(ejection.is_ejected(now), "while it is tried");
        // The test call had no outcome, so the next call tests the replica.
        now += attempt_timeout * TEST_TIMEOUTS;
        assert!(!ejection.is_ejected(now));
        ejection.begin(attempt_timeout, now);
        assert!(ejection.record(true, now));
        now += FIRST * 2;
        ejection.begin(attempt_timeout, now);
        ejection.record(false, now);
        assert!(!ejection.is_ejected(now), "once it answered");
    }
}
