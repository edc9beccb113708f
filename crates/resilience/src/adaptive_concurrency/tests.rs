use std::{
    convert::Infallible,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use seaworthy_telemetry::metrics::{Format, Metrics};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use super::*;
use crate::{CallError, CallLayer, ClassifyErrors, Outcome, Refused};

fn of(initial: u32) -> AdaptiveConcurrencyConfig {
    AdaptiveConcurrencyConfig {
        initial: NonZeroU32::new(initial).unwrap(),
        ..AdaptiveConcurrencyConfig::default()
    }
}

#[test]
fn refuses_at_once_what_is_above_the_limit_and_says_when_to_come_back_res_7() {
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
fn the_limit_grows_while_latency_is_flat_and_falls_when_it_rises_res_7() {
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
async fn the_layer_sheds_and_gives_the_place_back_when_a_call_is_dropped_res_7() {
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
