use std::time::{Duration, Instant};

use proptest::prelude::*;
use seaworthy_core::Timeout;
use seaworthy_telemetry::metrics::{Format, Metrics};
use seaworthy_testkit::simulation::Simulation;
use tower::{Service as _, ServiceBuilder, ServiceExt as _, service_fn};

mod quick_success;

use super::*;
use crate::{CallError, CallLayer, ClassifyErrors, Outcome, Refused};

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
    let refusal = bench.breaker.admit(bench.now).unwrap_err();
    assert_eq!(refusal.by(), Refused::CircuitOpen);
    assert_eq!(refusal.retry_after(), Some(Duration::from_millis(1_500)));
    let text = bench.metrics.render(Format::PrometheusText);
    for line in [
        "circuit_breaker_state{name=\"stock\"} 1",
        "circuit_breaker_trips_total{name=\"stock\",reason=\"consecutive_failures\"} 1",
        "circuit_breaker_calls_total{name=\"stock\",outcome=\"allowed\"} 5",
        "circuit_breaker_calls_total{name=\"stock\",outcome=\"refused\"} 1",
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
        [TripReason::TrialFailed, TripReason::ConsecutiveFailures]
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
fn manual_hold_ends_in_half_open_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    let hour = Timeout::from_secs(3_600);
    let hold = |bench: &Bench, hold| bench.breaker.hold_at(hold, hour, "the vendor", bench.now);
    hold(&bench, Hold::Open);
    bench.wait(3_599_999);
    assert!(bench.admit().is_none());
    let held = bench.breaker.snapshot_at(bench.now).held.unwrap();
    assert_eq!(
        (held.hold, held.reason.as_str()),
        (Hold::Open, "the vendor")
    );
    assert_eq!(held.expires_in, Duration::from_millis(1));
    bench.wait(1);
    let snapshot = bench.breaker.snapshot_at(bench.now);
    assert_eq!(
        (snapshot.state, snapshot.held),
        (BreakerState::HalfOpen, None)
    );
    for _ in 0..3 {
        assert!(bench.call(Outcome::Success));
    }
    assert_eq!(bench.breaker.state(), BreakerState::Closed);
    hold(&bench, Hold::Open);
    bench.breaker.reset("the vendor is done");
    assert!(bench.call(Outcome::Success));
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_is_over_shows_without_a_call_res_1() {
    let metrics = Metrics::new();
    let breaker = CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &metrics);
    let gauge = || metrics.render(Format::PrometheusText);
    let is = |number| format!("circuit_breaker_state{{name=\"stock\"}} {number}\n");
    breaker.hold(Hold::Open, Timeout::from_secs(60), "the vendor repairs");
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(gauge().contains(&is(1)), "{}", gauge());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(gauge().contains(&is(2)), "{}", gauge());
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
}

#[test]
fn state_tells_that_a_hold_is_over_res_1() {
    let bench = Bench::new(&CircuitBreakerConfig::default());
    let minute = Timeout::from_secs(60);
    bench
        .breaker
        .hold_at(Hold::Closed, minute, "the alarm is false", bench.now);
    bench
        .breaker
        .hold_at(Hold::Open, minute, "it is true", bench.now);
    assert_eq!(bench.breaker.state_at(bench.now), BreakerState::Open);
    let over = bench.now + minute.get();
    assert_eq!(bench.breaker.state_at(over), BreakerState::HalfOpen);
}

#[test]
fn hold_does_not_change_failure_baseline_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    while bench.call(Outcome::TRANSIENT) {}
    bench.wait(1_500);
    for _ in 0..3 {
        assert!(bench.call(Outcome::Success));
    }
    // Ten planned repairs after one outage.
    for _ in 0..10 {
        let second = Timeout::from_secs(1);
        bench
            .breaker
            .hold_at(Hold::Open, second, "a repair", bench.now);
        bench.wait(1_000);
        for _ in 0..3 {
            assert!(bench.call(Outcome::Success));
        }
    }
    for _ in 0..100 {
        assert!(bench.call(Outcome::Success));
    }
    let failed = (0..100).filter(|_| bench.call(Outcome::TRANSIENT)).count();
    assert!(failed <= 6, "{failed}");
}

#[test]
fn held_closed_breaker_admits_failures_until_end_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    while bench.call(Outcome::TRANSIENT) {}
    let minute = Timeout::from_secs(60);
    bench
        .breaker
        .hold_at(Hold::Closed, minute, "the alarm is false", bench.now);
    for _ in 0..100 {
        assert!(bench.call(Outcome::TRANSIENT));
        bench.wait(10);
    }
    assert_eq!(bench.breaker.state(), BreakerState::Closed);
    bench.wait(60_000);
    let calls = (0..100).filter(|_| bench.call(Outcome::TRANSIENT)).count();
    assert!(calls <= 6, "{calls}");
    assert_eq!(bench.breaker.state(), BreakerState::Open);
}

#[test]
fn adaptive_mode_sends_about_twice_what_is_accepted_res_1() {
    let mut bench = Bench::new(&CircuitBreakerConfig {
        mode: BreakerMode::Adaptive,
        ..CircuitBreakerConfig::default()
    });
    let mut chance = Simulation::<()>::seeded(1);
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

#[tokio::test]
async fn open_layer_rejects_and_ignores_other_rejections_res_1() {
    let breaker = CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &Metrics::new());
    let mut service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(breaker.clone(), ClassifyErrors))
        .layer(CallLayer)
        .service(service_fn(|()| async { Err::<(), _>("down") }));
    for _ in 0..5 {
        let error = service.ready().await.unwrap().call(()).await.unwrap_err();
        assert!(matches!(error, CallError::Failed("down")));
    }
    let error = service.ready().await.unwrap().call(()).await.unwrap_err();
    assert!(matches!(&error, CallError::Refused(refusal) if refusal.by() == Refused::CircuitOpen));
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn duration_starts_at_first_poll_res_1() {
    for (lies, takes, state) in [
        (3_000, 1, BreakerState::Closed),
        (0, 3_000, BreakerState::Open),
    ] {
        let breaker =
            CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &Metrics::new());
        let mut service = ServiceBuilder::new()
            .layer(CircuitBreakerLayer::new(breaker.clone(), ClassifyErrors))
            .layer(CallLayer)
            .service(service_fn(|milliseconds| async move {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                Ok::<_, &str>(())
            }));
        let mut calls = Vec::new();
        for _ in 0..8 {
            calls.push(service.ready().await.unwrap().call(takes));
        }
        tokio::time::sleep(Duration::from_millis(lies)).await;
        for call in futures::future::join_all(calls).await {
            call.unwrap();
        }
        assert_eq!(breaker.state(), state, "{lies} {takes}");
    }
}

/// A breaker that knows that answers take so long, and as many calls in flight as make a silence.
fn waiting(usual: u64, known: u32) -> (Bench, Vec<Admission>) {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    for _ in 0..known {
        let admission = bench.admit().unwrap();
        bench.wait(usual);
        admission.report(Outcome::Success, bench.now);
    }
    let mut waiting: Vec<Admission> = (0..5).filter_map(|_| bench.admit()).collect();
    waiting.iter_mut().for_each(Admission::mark_pending);
    (bench, waiting)
}

#[test]
fn silent_pending_calls_open_breaker_res_1() {
    for (usual, known, patience) in [
        // A quarter of what is slow at least, ten times the slowest, and what is slow where nothing
        // is known.
        (20, 10, 500),
        (100, 10, 1_000),
        (300, 10, 2_000),
        (20, 9, 2_000),
    ] {
        let (mut bench, waiting) = waiting(usual, known);
        bench.wait(patience - 1);
        assert!(bench.admit().is_some(), "{usual} {known}");
        bench.wait(1);
        assert!(bench.admit().is_none(), "{usual} {known}");
        let trips = bench.breaker.snapshot_at(bench.now).trips;
        assert_eq!(trips[0].reason, TripReason::Silence);
        drop(waiting);
    }
}

#[test]
fn one_answer_one_caller_fewer_or_one_head_is_no_silence_res_1() {
    type Event = fn(&Bench, &mut Vec<Admission>);
    let events: [Event; 3] = [
        |bench, _| assert!(bench.call(Outcome::Success)),
        |_, waiting| drop(waiting.pop()),
        |bench, waiting| {
            waiting.pop().unwrap().report(Outcome::Neutral, bench.now);
        },
    ];
    for event in events {
        let (mut bench, mut waiting) = waiting(20, 10);
        bench.wait(499);
        event(&bench, &mut waiting);
        bench.wait(1);
        assert!(bench.admit().is_some());
        assert_eq!(bench.breaker.state(), BreakerState::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn response_heads_prevent_silence_res_1() {
    for (head, refused) in [(true, false), (false, true)] {
        let breaker =
            CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &Metrics::new());
        let service = ServiceBuilder::new()
            .layer(CircuitBreakerLayer::new(breaker.clone(), Streams))
            .layer(CallLayer)
            .service(service_fn(|milliseconds: u64| async move {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                Ok::<_, &str>(::http::Response::new(()))
            }));
        for _ in 0..10 {
            drop(service.clone().oneshot(1).await.unwrap());
        }
        let takes = if head { 20 } else { 60_000 };
        let calls: Vec<_> = (0..8)
            .map(|_| tokio::spawn(service.clone().oneshot(takes)))
            .collect();
        tokio::time::sleep(Duration::from_millis(600)).await;
        // After the head, the client may read the stream for any time.
        assert_eq!(calls.iter().all(|call| call.is_finished()), head);
        assert_eq!(
            breaker
                .admit(tokio::time::Instant::now().into_std())
                .is_err(),
            refused
        );
        calls.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Every answer is a stream.
#[derive(Clone)]
struct Streams;

impl<E> crate::Classify<::http::Response<()>, E> for Streams {
    const DEFERS: bool = true;

    fn classify(&self, _: Result<&::http::Response<()>, &E>) -> Outcome {
        Outcome::Success
    }

    fn defer(
        &self,
        response: &mut ::http::Response<()>,
        late: DeferredReport,
    ) -> Option<DeferredReport> {
        late.insert_into(response);
        None
    }
}

proptest! {
    #[test]
    fn whatever_comes_trials_are_bounded_and_calls_come_back_res_1(
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
    fn the_window_holds_exactly_what_happened_within_it(
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
fn reloaded_thresholds_judge_the_next_calls_conf_4() {
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
