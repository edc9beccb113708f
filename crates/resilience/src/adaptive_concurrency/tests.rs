use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use seaworthy_telemetry::metrics::{Format, Metrics};
use seaworthy_testkit::simulation::Simulation;

use super::*;
use crate::{Outcome, RejectionReason};

fn config(max_limit: u32) -> AdaptiveConcurrencyConfig {
    AdaptiveConcurrencyConfig {
        max_limit: NonZeroU32::new(max_limit).unwrap(),
        ..AdaptiveConcurrencyConfig::default()
    }
}

#[test]
fn limit_rejects_excess_with_retry_after_res_7() {
    let metrics = Metrics::new();
    let limit = AdaptiveConcurrency::new("orders", &config(2), &metrics);
    let now = Instant::now();
    let _one = limit.admit(Priority::Normal, now).unwrap();
    let two = limit.admit(Priority::Normal, now).unwrap();
    let rejection = limit.admit(Priority::Normal, now).unwrap_err();
    assert_eq!(rejection.reason(), RejectionReason::Overloaded);
    assert!(rejection.retry_after().is_some());
    let text = metrics.render(Format::PrometheusText);
    for line in [
        "concurrency_limit{name=\"orders\"} 2",
        "concurrency_in_flight{name=\"orders\"} 2",
        "load_shed_total{name=\"orders\",priority=\"normal\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    drop(two);
    assert!(limit.admit(Priority::Normal, now).is_ok());
}

/// The real clock is ahead of a paused one, as it is for a simulation on a loaded machine.
#[tokio::test(start_paused = true)]
async fn limit_uses_the_clock_of_the_runtime_res_7() {
    let latency = Duration::from_millis(20);
    std::thread::sleep(latency * 20);
    let limit = AdaptiveConcurrency::new("orders", &config(20), &Metrics::new());
    for _ in 0..10 {
        let now = tokio::time::Instant::now().into_std();
        let permits: Vec<_> =
            std::iter::from_fn(|| limit.admit(Priority::Normal, now).ok()).collect();
        tokio::time::advance(latency).await;
        for permit in &permits {
            permit.record(Outcome::Success, Duration::ZERO);
        }
    }
    assert_eq!(limit.snapshot().base_latency, Some(latency));
}

/// Fills the limit for some rounds. Each round ends with this outcome after this latency.
struct Load {
    limit: AdaptiveConcurrency,
    now: Instant,
}

impl Load {
    fn new(max_limit: u32) -> Self {
        let now = Instant::now();
        let limit = AdaptiveConcurrency::new_at("orders", &config(max_limit), &Metrics::new(), now);
        Self { limit, now }
    }

    fn run(&mut self, outcome: Outcome, latency: Duration, rounds: u32) -> ConcurrencySnapshot {
        for _ in 0..rounds {
            let permits: Vec<_> =
                std::iter::from_fn(|| self.limit.admit(Priority::Normal, self.now).ok()).collect();
            self.now += latency;
            for permit in permits {
                permit.finish_at(outcome, self.now);
            }
        }
        self.limit.snapshot()
    }
}

#[test]
fn limit_follows_latency_res_7() {
    let mut load = Load::new(1_000);
    let first = load.run(Outcome::Success, Duration::from_millis(10), 60);
    assert_eq!(first.limit, 1_000, "latency without a queue");
    let fallen = load.run(Outcome::Success, Duration::from_millis(200), 8);
    assert!(fallen.limit < first.limit / 2, "{fallen:?}");
    let grown = load.run(Outcome::Success, Duration::from_millis(10), 100);
    assert!(grown.limit > fallen.limit, "{fallen:?}, {grown:?}");
}

#[test]
fn small_queue_delay_does_not_shrink_the_limit_res_7() {
    let mut load = Load::new(1_000);
    load.run(Outcome::Success, Duration::from_millis(10), 60);
    let delayed = load.run(Outcome::Success, Duration::from_millis(50), 60);
    assert!(delayed.limit >= 250, "{delayed:?}");
    let base = delayed.base_latency.unwrap();
    assert!(base >= Duration::from_millis(9), "{delayed:?}");
}

#[test]
fn immediate_failures_do_not_shrink_the_limit_res_7() {
    for failure in [
        Outcome::TRANSIENT,
        Outcome::Throttled { retry_after: None },
        Outcome::Permanent,
    ] {
        let mut load = Load::new(100);
        let known = load.run(Outcome::Success, Duration::from_millis(10), 60);
        let after = load.run(failure, Duration::from_millis(1), 300);
        assert_eq!(after.base_latency, known.base_latency, "{failure:?}");
        assert!(after.limit * 2 >= known.limit, "{known:?}, {after:?}");
    }
}

#[test]
fn timeouts_shrink_the_limit_res_7() {
    let mut load = Load::new(100);
    let known = load.run(Outcome::Success, Duration::from_millis(10), 60);
    let after = load.run(Outcome::TRANSIENT, Duration::from_secs(2), 300);
    assert!(after.limit < known.limit / 2, "{known:?}, {after:?}");
    assert_eq!(after.base_latency, known.base_latency);
}

#[test]
fn unused_limit_rises_to_its_maximum_res_7() {
    let mut load = Load::new(100);
    load.run(Outcome::Success, Duration::from_millis(10), 60);
    let low = load.run(Outcome::Success, Duration::from_millis(300), 4);
    assert!(low.limit < 80, "{low:?}");
    for number in 0..20_000_u64 {
        let started = load.now + Duration::from_millis(10 * number);
        let permit = load.limit.admit(Priority::Normal, started).unwrap();
        permit.finish_at(Outcome::Success, started + Duration::from_millis(5));
    }
    assert_eq!(load.limit.snapshot().limit, 100);
}

#[tokio::test(start_paused = true)]
async fn wait_for_own_client_is_not_latency_res_7() {
    let limit = AdaptiveConcurrency::new("orders", &config(20), &Metrics::new());
    let wait = Duration::from_secs(10);
    for _ in 0..500 {
        let started = tokio::time::Instant::now().into_std();
        let permit = limit.admit(Priority::Normal, started).unwrap();
        tokio::time::advance(wait + Duration::from_millis(5)).await;
        permit.record(Outcome::Success, wait);
    }
    let base = limit.snapshot().base_latency.unwrap();
    assert!(base < Duration::from_millis(10), "{base:?}");
}

#[test]
fn finished_hanging_requests_do_not_shrink_the_limit_res_7() {
    const LIMIT: usize = 40;
    let mut load = Load::new(40);
    let admit = |load: &Load, count: usize| -> Vec<_> {
        let permits = (0..count).map(|_| load.limit.admit(Priority::Normal, load.now));
        permits.map(Result::unwrap).collect()
    };
    let finish = |load: &mut Load, permits: Vec<ConcurrencyPermit>| {
        load.now += Duration::from_millis(20);
        for permit in permits {
            permit.finish_at(Outcome::Success, load.now);
        }
    };
    for _ in 0..60 {
        let permits = admit(&load, LIMIT);
        finish(&mut load, permits);
    }
    let hanging = admit(&load, LIMIT / 2);
    load.now += Duration::from_secs(30);
    for permit in hanging {
        for _ in 0..5 {
            let others = admit(&load, LIMIT / 2);
            finish(&mut load, others);
        }
        permit.finish_at(Outcome::Success, load.now);
    }
    let after = load.limit.snapshot();
    assert!(after.limit >= 38, "{after:?}");
}

#[test]
fn requests_that_hang_do_not_hold_a_low_limit_res_7() {
    let mut load = Load::new(100);
    load.run(Outcome::Success, Duration::from_millis(10), 60);
    let low = load.run(Outcome::TRANSIENT, Duration::from_secs(2), 100);
    assert!(low.limit < 10, "{low:?}");
    let admit = |load: &Load| load.limit.admit(Priority::Normal, load.now).ok();
    let hanging: Vec<_> = std::iter::from_fn(|| admit(&load)).collect();
    let mut rejected = 0;
    for _ in 0..1_500 {
        let permit = admit(&load);
        load.now += Duration::from_millis(20);
        match permit {
            Some(permit) => permit.finish_at(Outcome::Success, load.now),
            None => rejected += 1,
        }
    }
    let after = load.limit.snapshot();
    assert!(rejected < 300, "{rejected} of 1,500: {after:?}");
    drop(hanging);
}

#[test]
fn rejected_requests_do_not_raise_the_limit_res_7() {
    let mut load = Load::new(100);
    load.run(Outcome::Success, Duration::from_millis(10), 60);
    let low = load.run(Outcome::TRANSIENT, Duration::from_secs(2), 100);
    assert!(low.limit < 10, "{low:?}");
    // Wrong passwords, for example, are work without a sample. The relief ends a probe.
    let begun = load.run(Outcome::Permanent, Duration::from_millis(40), 50);
    let after = load.run(Outcome::Permanent, Duration::from_millis(40), 500);
    assert_eq!(after.limit, begun.limit, "{low:?}");
}

#[test]
fn requests_that_wait_for_their_client_leave_the_limit_res_7() {
    let mut load = Load::new(100);
    load.run(Outcome::Success, Duration::from_millis(10), 60);
    let low = load.run(Outcome::Success, Duration::from_millis(200), 6);
    assert!(low.limit < 50, "{low:?}");
    let admit = || load.limit.admit(Priority::Normal, load.now).ok();
    let reading: Vec<_> = std::iter::from_fn(admit).collect();
    for permit in &reading {
        permit.set_reading(true);
        permit.set_reading(true);
    }
    let others: Vec<_> = std::iter::from_fn(admit).collect();
    assert_eq!(others.len(), reading.len());
    for permit in &reading {
        permit.set_reading(false);
        permit.begin_response();
        permit.set_reading(true);
        permit.set_reading(false);
    }
    assert!(admit().is_none());
    drop(others);
    let count = std::iter::from_fn(admit).collect::<Vec<_>>().len();
    assert_eq!(count, reading.len());
}

/// Calls to a dependency that answers any number of them. It becomes five times slower, and later
/// gets three times as many calls. Returns the number of rejected calls.
fn unbounded_dependency(seed: u64) -> usize {
    const CHANGE: Duration = Duration::from_secs(5);
    let mut simulation = Simulation::with_seed(seed);
    let limit =
        AdaptiveConcurrency::new_at("stock", &config(1_024), &Metrics::new(), simulation.now());
    let mut rejected = 0;
    simulation.schedule(Duration::ZERO, None);
    while let Some(event) = simulation.next_event() {
        let (now, elapsed) = (simulation.now(), simulation.elapsed());
        if let Some(ended) = event {
            ConcurrencyPermit::finish_at(ended, Outcome::Success, now);
            continue;
        }
        if elapsed > CHANGE * 4 {
            break;
        }
        let rate = if elapsed < CHANGE * 2 { 1_000 } else { 3_000 };
        let next = simulation.exponential(Duration::from_secs(1) / rate);
        simulation.schedule(next, None);
        match limit.admit(Priority::Normal, now) {
            Ok(permit) => {
                let latency = Duration::from_millis(if elapsed < CHANGE { 20 } else { 100 });
                let latency = simulation.log_normal(latency, 0.3);
                simulation.schedule(latency, Some(permit));
            }
            Err(_) => rejected += 1,
        }
    }
    rejected
}

#[test]
fn slower_dependency_and_more_load_are_not_overload_res_7() {
    for seed in 0..20 {
        assert_eq!(unbounded_dependency(seed), 0, "seed {seed}");
    }
}
