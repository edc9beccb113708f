use std::time::{Duration, Instant};

use proptest::prelude::*;
use seaworthy_core::Timeout;
use seaworthy_telemetry::metrics::{Format, Metrics};
use seaworthy_testkit::simulation::Simulation;
use tower::{Service as _, ServiceBuilder, ServiceExt as _, service_fn};

mod hold;
mod layer;
mod quick_success;
mod stall;

use super::*;
use crate::{CallError, CallLayer, ClassifyErrors, Outcome, RejectionReason};

struct Bench {
    breaker: CircuitBreaker,
    now: Instant,
    metrics: Metrics,
}

impl Bench {
    fn new(config: &CircuitBreakerConfig) -> Self {
        let (now, metrics) = (Instant::now(), Metrics::new());
        let breaker = CircuitBreaker::new_at("stock", config, &metrics, now);
        Self {
            breaker,
            now,
            metrics,
        }
    }

    fn admit(&self) -> Option<Admission> {
        self.breaker.admit_with(self.now, || 0.5).ok()
    }

    fn call(&self, outcome: Outcome) -> bool {
        self.admit()
            .map(|admission| admission.report(outcome, self.now))
            .is_some()
    }

    fn wait(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
    }
}

#[test]
fn five_consecutive_failures_open_breaker_res_1() {
    let bench = Bench::new(&CircuitBreakerConfig::default());
    for _ in 0..5 {
        assert_eq!(bench.breaker.state(), BreakerState::Closed);
        assert!(bench.call(Outcome::TRANSIENT));
    }
    assert_eq!(bench.breaker.state(), BreakerState::Open);
    let rejection = bench.breaker.admit(bench.now).unwrap_err();
    assert_eq!(rejection.reason(), RejectionReason::CircuitOpen);
    assert_eq!(rejection.retry_after(), Some(Duration::from_millis(1_500)));
    let text = bench.metrics.render(Format::PrometheusText);
    for line in [
        "circuit_breaker_state{name=\"stock\"} 1",
        "circuit_breaker_trips_total{name=\"stock\",reason=\"consecutive_failures\"} 1",
        "circuit_breaker_calls_total{name=\"stock\",outcome=\"allowed\"} 5",
        "circuit_breaker_calls_total{name=\"stock\",outcome=\"rejected\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}

#[test]
fn probe_and_half_open_successes_close_breaker_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    while bench.call(Outcome::TRANSIENT) {}
    bench.wait(1_500);
    let probe = bench.admit().unwrap();
    assert!(bench.admit().is_none(), "one probe at a time");
    probe.report(Outcome::Success, bench.now);
    assert_eq!(bench.breaker.state(), BreakerState::HalfOpen);
    let trials: Vec<Admission> = std::iter::from_fn(|| bench.admit()).collect();
    assert_eq!(trials.len(), 2);
    for trial in trials {
        trial.report(Outcome::Success, bench.now);
    }
    assert_eq!(bench.breaker.state(), BreakerState::Closed);
}

#[test]
fn half_open_failure_reopens_and_drop_releases_permit_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    while bench.call(Outcome::TRANSIENT) {}
    bench.wait(30_000);
    for _ in 0..10 {
        drop(bench.admit().expect("the place is free again"));
    }
    assert!(bench.call(Outcome::Neutral));
    assert!(bench.call(Outcome::Permanent));
    assert_eq!(bench.breaker.state(), BreakerState::Open);
    let reasons: Vec<TripReason> = bench
        .breaker
        .snapshot_at(bench.now)
        .trips
        .iter()
        .map(|trip| trip.reason)
        .collect();
    assert_eq!(
        reasons,
        [
            TripReason::HalfOpenCallFailed,
            TripReason::ConsecutiveFailures
        ]
    );
}

#[test]
fn outcome_from_before_state_change_is_ignored_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    let late: Vec<Admission> = (0..10).filter_map(|_| bench.admit()).collect();
    while bench.call(Outcome::TRANSIENT) {}
    bench.wait(1_500);
    for _ in 0..3 {
        assert!(bench.call(Outcome::Success));
    }
    assert_eq!(bench.breaker.state(), BreakerState::Closed);
    for admission in late {
        admission.report(Outcome::TRANSIENT, bench.now);
    }
    assert_eq!(bench.breaker.state(), BreakerState::Closed);
}

#[test]
fn throttled_calls_count_for_rate_only_res_1() {
    let bench = Bench::new(&CircuitBreakerConfig::default());
    let throttled = Outcome::Throttled { retry_after: None };
    for _ in 0..9 {
        assert!(bench.call(throttled));
    }
    assert_eq!(bench.breaker.state(), BreakerState::Closed);
    assert!(bench.call(throttled));
    assert_eq!(
        bench.breaker.snapshot_at(bench.now).trips[0].reason,
        TripReason::FailureRate
    );
}

#[test]
fn calls_that_answer_too_slowly_open_it_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig {
        consecutive_failures: 0,
        ..CircuitBreakerConfig::default()
    });
    let admissions: Vec<Admission> = (0..10).filter_map(|_| bench.admit()).collect();
    bench.wait(2_001);
    for admission in admissions {
        admission.report(Outcome::Success, bench.now);
    }
    assert_eq!(
        bench.breaker.snapshot_at(bench.now).trips[0].reason,
        TripReason::SlowCallRate
    );
}

#[test]
fn adaptive_mode_sends_twice_the_accepted_calls_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig {
        mode: BreakerMode::Adaptive,
        ..CircuitBreakerConfig::default()
    });
    let mut chance = Simulation::<()>::with_seed(1);
    let (mut sent, mut accepted) = (0_u32, 0_u32);
    for second in 0..60 {
        let mut capacity = 100_u32;
        for _ in 0..1_000 {
            bench.wait(1);
            let draw = chance.share();
            let Ok(admission) = bench.breaker.admit_with(bench.now, || draw) else {
                continue;
            };
            let good = capacity > 0;
            capacity -= u32::from(good);
            let outcome = if good {
                Outcome::Success
            } else {
                Outcome::TRANSIENT
            };
            admission.report(outcome, bench.now);
            if second >= 20 {
                sent += 1;
                accepted += u32::from(good);
            }
        }
    }
    let ratio = f64::from(sent) / f64::from(accepted);
    assert!((1.5..3.0).contains(&ratio), "{sent} / {accepted}");
}

proptest! {
    #[test]
    fn trials_are_bounded_and_breaker_recovers_res_1(
        steps in proptest::collection::vec((0_u64..3_000, 0_u8..5), 1..300),
    ) {
        let config = CircuitBreakerConfig::default();
        let mut bench = Bench::new(&config);
        let mut running = Vec::new();
        for (wait, kind) in steps {
            bench.wait(wait);
            match kind {
                0 => running.extend(bench.admit()),
                1 => { running.pop(); }
                kind => {
                    if let Some(admission) = running.pop() {
                        let outcome = if kind == 2 { Outcome::Success } else { Outcome::TRANSIENT };
                        admission.report(outcome, bench.now);
                    } else {
                        bench.call(Outcome::TRANSIENT);
                    }
                }
            }
        }
        running.clear();
        bench.wait(30_000);
        for _ in 0..config.half_open_calls.get() {
            bench.call(Outcome::Success);
        }
        prop_assert_eq!(bench.breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn window_counts_exactly_its_period(
        waits in proptest::collection::vec(0_u64..1_500, 1..200),
    ) {
        let start = Instant::now();
        let length = Duration::from_secs(10);
        let mut window = super::window::Window::new(length, start);
        let (mut now, mut calls) = (start, Vec::new());
        for wait in waits {
            now += Duration::from_millis(wait);
            window.advance(now);
            window.count(true, false);
            calls.push(now);
            let within = |bound: Duration| calls.iter().filter(|at| now - **at < bound).count();
            let counted = usize::try_from(window.total().calls).unwrap();
            prop_assert!(counted <= within(length));
            prop_assert!(counted >= within(length - Duration::from_millis(500)));
        }
    }
}

#[test]
fn first_success_after_refused_connections_closes_breaker_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    while bench.call(Outcome::Unreachable) {}
    assert_eq!(bench.breaker.state(), BreakerState::Open);
    bench.wait(250);
    assert!(bench.call(Outcome::Unreachable), "a probe");
    assert!(!bench.call(Outcome::Unreachable));
    bench.wait(250);
    assert!(bench.call(Outcome::Success), "the next probe");
    assert_eq!(bench.breaker.state(), BreakerState::Closed);
}

/// A service that stops first rejects calls, and then refuses connections.
#[test]
fn first_success_after_restart_closes_breaker_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    assert!(bench.call(Outcome::TRANSIENT));
    while bench.call(Outcome::Unreachable) {}
    assert_eq!(bench.breaker.state(), BreakerState::Open);
    bench.wait(250);
    assert!(bench.call(Outcome::Success), "a probe");
    assert_eq!(bench.breaker.state(), BreakerState::Closed);
}

#[test]
fn other_failure_needs_all_half_open_calls_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    while bench.call(Outcome::Unreachable) {}
    bench.wait(250);
    assert!(bench.call(Outcome::Permanent), "it listens, and fails");
    bench.wait(250);
    assert!(!bench.call(Outcome::Success), "the usual interval");
    bench.wait(1_250);
    assert!(bench.call(Outcome::Success));
    assert_eq!(bench.breaker.state(), BreakerState::HalfOpen);
}

#[test]
fn reloaded_thresholds_apply_to_the_next_calls_conf_4() {
    let config = |consecutive_failures| CircuitBreakerConfig {
        consecutive_failures,
        min_calls: std::num::NonZeroU32::new(1_000).unwrap(),
        ..CircuitBreakerConfig::default()
    };
    let metrics = Metrics::new();
    let breaker = CircuitBreaker::new("orders", &config(3), &metrics);
    let fail = |count| {
        for _ in 0..count {
            let now = Instant::now();
            if let Ok(admission) = breaker.admit(now) {
                admission.report(Outcome::TRANSIENT, now);
            }
        }
        breaker.state()
    };
    assert_eq!(fail(2), BreakerState::Closed);
    breaker.reload(&config(6));
    assert_eq!(fail(3), BreakerState::Closed);
    assert_eq!(fail(1), BreakerState::Open);
    breaker.reload(&config(9));
    assert_eq!(breaker.state(), BreakerState::Open);
    let off = CircuitBreakerConfig {
        mode: BreakerMode::Off,
        ..config(3)
    };
    breaker.reload(&off);
    assert_eq!(fail(20), BreakerState::Closed);
}
