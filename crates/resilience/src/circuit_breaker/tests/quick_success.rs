//! Successes that are counted without the lock are counted as those under it.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use seaworthy_telemetry::metrics::Metrics;

use super::super::{Admission, CircuitBreaker, CircuitBreakerConfig};
use crate::Outcome;

fn breaker(now: Instant) -> CircuitBreaker {
    let config = CircuitBreakerConfig::default();
    CircuitBreaker::new_at("stock", &config, &Metrics::new(), now)
}

proptest! {
    #[test]
    fn success_counts_equally_with_and_without_lock_res_1(
        steps in prop::collection::vec((0_u64..400, 0_u8..20), 1..400),
    ) {
        let mut now = Instant::now();
        let (quick, locked) = (breaker(now), breaker(now));
        let nothing = Duration::ZERO;
        let one = Duration::from_nanos(1);
        for (wait, what) in steps {
            now += Duration::from_millis(wait);
            let outcome = if what < 16 { Outcome::Success } else { Outcome::TRANSIENT };
            for (breaker, took) in [(&quick, nothing), (&locked, one)] {
                if let Ok(admission) = breaker.admit_with(now, || 0.5) {
                    Admission::report_took(admission, outcome, took, now);
                }
            }
            prop_assert_eq!(quick.state(), locked.state());
            if what == 0 {
                prop_assert_eq!(quick.snapshot_at(now), locked.snapshot_at(now));
            }
        }
        prop_assert_eq!(quick.snapshot_at(now), locked.snapshot_at(now));
    }
}

#[test]
fn concurrent_outcomes_are_all_counted_res_1() {
    let now = Instant::now();
    let breaker = breaker(now);
    let report = |outcome| {
        if let Ok(admission) = breaker.admit_with(now, || 0.5) {
            admission.report(outcome, now);
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            scope.spawn(move || {
                for call in 0..20_000_u32 {
                    let fails = (call + thread) % 100 == 0;
                    report(if fails {
                        Outcome::TRANSIENT
                    } else {
                        Outcome::Success
                    });
                }
            });
        }
    });
    let seen = breaker.snapshot_at(now);
    assert_eq!((seen.calls, seen.failures), (80_000, 800));
    assert!(seen.trips.is_empty());
}
