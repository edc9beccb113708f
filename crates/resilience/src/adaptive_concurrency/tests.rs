use std::{
    convert::Infallible,
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use seaworthy_telemetry::metrics::{Format, Metrics};
use tokio::{sync::Semaphore, task::JoinSet};
use tower::{Service, ServiceBuilder, ServiceExt as _, service_fn};

use super::*;
use crate::{
    CallError, CallLayer, ClassifyErrors, Outcome, Refused,
    bulkhead::{Bulkhead, BulkheadConfig, BulkheadLayer},
};

fn of(initial: u32) -> AdaptiveConcurrencyConfig {
    AdaptiveConcurrencyConfig {
        initial_limit: NonZeroU32::new(initial).unwrap(),
        ..AdaptiveConcurrencyConfig::default()
    }
}

#[test]
fn limit_rejects_excess_with_retry_after_res_7() {
    let metrics = Metrics::new();
    let limit = AdaptiveConcurrency::new("orders", &of(2), &metrics);
    let now = Instant::now();
    let _one = limit.admit(Priority::Normal, now).unwrap();
    let two = limit.admit(Priority::Normal, now).unwrap();
    let refusal = limit.admit(Priority::Normal, now).unwrap_err();
    assert_eq!(refusal.by(), Refused::Overloaded);
    assert!(refusal.retry_after().is_some());
    let text = metrics.render(Format::PrometheusText);
    for line in [
        "concurrency_limit{name=\"orders\"} 2",
        "concurrency_in_flight{name=\"orders\"} 2",
        "shed_total{name=\"orders\",priority=\"normal\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    drop(two);
    assert!(limit.admit(Priority::Normal, now).is_ok());
}

#[test]
fn limit_follows_latency_res_7() {
    let start = Instant::now();
    let limit = AdaptiveConcurrency::new_at("orders", &of(20), &Metrics::new(), start);
    let mut now = start;
    let mut run = |latency: Duration, rounds: u32| {
        for _ in 0..rounds {
            let permits: Vec<_> =
                std::iter::from_fn(|| limit.admit(Priority::Normal, now).ok()).collect();
            now += latency;
            for permit in permits {
                permit.report(Outcome::Success, now);
            }
        }
        limit.snapshot().limit
    };
    let grown = run(Duration::from_millis(10), 60);
    assert!(grown > 40, "{grown}");
    let fallen = run(Duration::from_millis(200), 8);
    assert!(fallen < grown / 2, "{fallen}");
}

/// How the limit and the base change while every request that is admitted ends in this way.
fn after(outcome: Outcome, latency: Duration) -> (ConcurrencySnapshot, ConcurrencySnapshot) {
    let start = Instant::now();
    let limit = AdaptiveConcurrency::new_at("orders", &of(20), &Metrics::new(), start);
    let mut now = start;
    let mut run = |outcome: Outcome, latency: Duration, rounds: u32| {
        for _ in 0..rounds {
            let permits: Vec<_> =
                std::iter::from_fn(|| limit.admit(Priority::Normal, now).ok()).collect();
            now += latency.max(Duration::from_millis(1));
            for permit in permits {
                permit.report(outcome, now);
            }
        }
        limit.snapshot()
    };
    let before = run(Outcome::Success, Duration::from_millis(10), 60);
    (before, run(outcome, latency, 300))
}

#[test]
fn immediate_rejections_do_not_shrink_limit_res_7() {
    let at_once = Duration::from_millis(1);
    for refusal in [
        Outcome::TRANSIENT,
        Outcome::Throttled { retry_after: None },
        Outcome::Permanent,
    ] {
        let (before, after) = after(refusal, at_once);
        assert!(before.limit > 40, "{before:?}");
        let (known, now) = (before.base_latency.unwrap(), after.base_latency.unwrap());
        assert!(now >= known.mul_f64(0.9), "{refusal:?}: {known:?}, {now:?}");
        assert!(after.limit * 2 >= before.limit, "{before:?}, {after:?}");
    }
}

#[test]
fn timeouts_shrink_the_limit_res_7() {
    let (before, after) = after(Outcome::TRANSIENT, Duration::from_secs(2));
    assert!(after.limit < before.limit / 2, "{before:?}, {after:?}");
    assert_eq!(after.base_latency, before.base_latency);
}

#[test]
fn the_limit_begins_within_its_bounds_res_7() {
    let config = AdaptiveConcurrencyConfig {
        max_limit: NonZeroU32::new(10).unwrap(),
        ..AdaptiveConcurrencyConfig::default()
    };
    let limit = AdaptiveConcurrency::new("orders", &config, &Metrics::new());
    assert_eq!(limit.snapshot().limit, 10);
}

#[test]
fn what_is_not_used_does_not_raise_the_limit_res_7() {
    let start = Instant::now();
    let limit = AdaptiveConcurrency::new_at("orders", &of(20), &Metrics::new(), start);
    for number in 0..10_000_u64 {
        let began = start + Duration::from_millis(10 * number);
        let permit = limit.admit(Priority::Normal, began).unwrap();
        permit.report(Outcome::Success, began + Duration::from_millis(5));
    }
    assert_eq!(limit.snapshot().limit, 20);
}

#[tokio::test]
async fn layer_sheds_and_releases_permit_of_dropped_call_res_7() {
    let limit = AdaptiveConcurrency::new("orders", &of(2), &Metrics::new());
    let layer =
        AdaptiveConcurrencyLayer::new(limit.clone(), ClassifyErrors, |(): &()| Priority::Normal);
    let service = ServiceBuilder::new()
        .layer(layer)
        .layer(CallLayer)
        .service(service_fn(|()| {
            std::future::pending::<Result<(), Infallible>>()
        }));
    let mut calls = Vec::new();
    for _ in 0..2 {
        let mut call = Box::pin(service.clone().oneshot(()));
        assert!(futures::poll!(&mut call).is_pending());
        calls.push(call);
    }
    assert!(matches!(
        service.clone().oneshot(()).await,
        Err(CallError::Refused(_))
    ));
    drop(calls);
    assert_eq!(limit.snapshot().in_flight, 0);
}

/// RES-7 in simulated time: ten connections of 20 ms, asked for eight times what they can serve,
/// behind the shedder and behind a bulkhead.
#[tokio::test(start_paused = true)]
async fn rejections_are_fast_at_eight_times_the_capacity_res_7() {
    let metrics = Metrics::new();
    let shedder = AdaptiveConcurrencyLayer::new(
        AdaptiveConcurrency::new("orders", &of(10), &metrics),
        ClassifyErrors,
        |_: &()| Priority::Normal,
    );
    let bulkhead = BulkheadConfig {
        max_concurrent_calls: NonZeroU32::new(10).unwrap(),
        ..BulkheadConfig::default()
    };
    let bulkhead = BulkheadLayer::new(Bulkhead::new("orders", &bulkhead, &metrics));
    let pool = || {
        let connections = Arc::new(Semaphore::new(10));
        ServiceBuilder::new()
            .layer(CallLayer)
            .service(service_fn(move |()| {
                let connections = Arc::clone(&connections);
                async move {
                    let _connection = connections.acquire().await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok::<_, Infallible>(())
                }
            }))
    };
    let shed = refusals(ServiceBuilder::new().layer(shedder).service(pool())).await;
    let bounded = refusals(ServiceBuilder::new().layer(bulkhead).service(pool())).await;
    for refusals in [shed, bounded] {
        assert!(refusals.len() > 5_000, "{}", refusals.len());
        let slowest = refusals.into_iter().max().unwrap();
        assert!(slowest < Duration::from_millis(50), "{slowest:?}");
    }
}

/// How long the refusals took of 4,000 calls a second, for three seconds.
async fn refusals<S>(service: S) -> Vec<Duration>
where
    S: Service<(), Response = (), Error = CallError<Infallible>, Future: Send>
        + Clone
        + Send
        + 'static,
{
    let mut calls = JoinSet::new();
    let mut pace = tokio::time::interval(Duration::from_millis(1));
    for _ in 0..3_000 {
        pace.tick().await;
        for _ in 0..4 {
            let service = service.clone();
            calls.spawn(async move {
                let began = tokio::time::Instant::now();
                let refused = matches!(service.oneshot(()).await, Err(CallError::Refused(_)));
                refused.then(|| began.elapsed())
            });
        }
    }
    calls.join_all().await.into_iter().flatten().collect()
}
