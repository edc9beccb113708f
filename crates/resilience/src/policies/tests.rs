use std::{
    convert::Infallible,
    future::ready,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use seaworthy_core::Timeout;
use seaworthy_telemetry::metrics::Metrics;
use tokio::time::Instant;
use tower::{Service as _, ServiceBuilder, ServiceExt as _, service_fn};

mod optional;
mod reload;

use super::*;
use crate::{
    CallError, ClassifyErrors, RejectionReason,
    adaptive_concurrency::{AdaptiveConcurrencyConfig, Priority},
    circuit_breaker::{BreakerState, Hold},
    rate_limit::{RateLimitConfig, RateLimitKey},
    retry::ReplayClone,
};

fn resilience(config: &str) -> Resilience {
    Resilience::new(serde_json::from_str(config).unwrap(), Metrics::new())
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_timeout_and_all_have_the_total_res_3() {
    let resilience = resilience(
        r#"{"dependencies": {"stock": {"attempt_timeout": "100ms", "total_timeout": "250ms", "retry": {"initial_backoff": "1ms", "max_backoff": "1ms"}}}}"#,
    );
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let stock = ServiceBuilder::new()
        .layer(
            resilience
                .dependency("stock")
                .layer(ClassifyErrors, ReplayClone),
        )
        .service(service_fn(move |()| {
            counted.fetch_add(1, Ordering::Relaxed);
            std::future::pending::<Result<(), Infallible>>()
        }));
    let began = Instant::now();
    let error = stock.oneshot(()).await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut(_)));
    assert!((250..=251).contains(&began.elapsed().as_millis()));
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn clones_for_a_thousand_connections_are_one_breaker_res_1() {
    let resilience = resilience("{}");
    let mut rejected = 0;
    for _ in 0..1_000 {
        let stock = ServiceBuilder::new()
            .layer(
                resilience
                    .dependency("stock")
                    .layer(ClassifyErrors, ReplayClone),
            )
            .service(service_fn(|()| ready(Err::<(), _>("down"))));
        if let Err(CallError::Rejected(rejection)) = stock.oneshot(()).await {
            assert_eq!(rejection.reason(), RejectionReason::CircuitOpen);
            rejected += 1;
        }
    }
    assert!(rejected > 900, "{rejected}");
    let snapshot = resilience.snapshot();
    assert_eq!(snapshot.len(), 1);
    assert_eq!(snapshot[0].breaker.state, BreakerState::Open);
}

#[test]
fn an_endpoint_has_its_own_breaker_and_shares_the_places_res_1() {
    let resilience = resilience("{}");
    let (read, write) = (
        resilience.endpoint("stock", "read"),
        resilience.endpoint("stock", "write"),
    );
    read.breaker()
        .hold(Hold::Open, Timeout::from_secs(60), "a test");
    assert_eq!(write.breaker().state(), BreakerState::Closed);
    let _place = read.bulkhead().try_acquire();
    assert_eq!(write.bulkhead().snapshot().running, 1);
    assert_eq!(
        resilience.find("stock/read").unwrap().breaker().state(),
        BreakerState::Open
    );
}

#[test]
fn invalid_settings_are_rejected_conf_1() {
    for broken in [
        r#"{"dependencies": {"stock": {"timeout": "0s"}}}"#,
        r#"{"dependencies": {"stock": {"retry": {"max_attempts": 0}}}}"#,
        r#"{"dependencies": {"stock": {"breaker": {"failure_rate": 0}}}}"#,
        r#"{"dependencies": {"stock": {"breaker": {"failure_rate": 1.5}}}}"#,
        r#"{"dependencies": {"stock": {"bulkhead": {"max_concurrent_calls": 0}}}}"#,
        r#"{"dependencies": {"stock": {"brake": {}}}}"#,
        r#"{"dependencies": {"stock": {"rate_limit": {"requests": 0}}}}"#,
        r#"{"dependencies": {"stock": {"rate_limit": {"per_second": 1}}}}"#,
        r#"{"dependencies": {"stock": {"adaptive_concurrency": {"window": "0s"}}}}"#,
        r#"{"dependencies": {"stock": {"adaptive_concurrency": {"max_limit": 0}}}}"#,
        r#"{"dependencies": {"stock": {"hedge": {"delay": "0s"}}}}"#,
        r#"{"dependencies": {"stock": {"coalesce": "sometimes"}}}"#,
    ] {
        assert!(
            serde_json::from_str::<ResilienceConfig>(broken).is_err(),
            "{broken}"
        );
    }
}

#[test]
fn pipeline_around_ready_call_does_not_allocate_res_1() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let mut stock = ServiceBuilder::new()
        .layer(
            resilience("{}")
                .dependency("stock")
                .layer(ClassifyErrors, ReplayClone),
        )
        .service(service_fn(|number: u32| ready(Ok::<_, Infallible>(number))));
    runtime.block_on(async {
        stock.ready().await.unwrap().call(1).await.unwrap();
        let allocations = allocation_counter::measure(|| {
            let answer = futures::FutureExt::now_or_never(stock.call(2));
            assert_eq!(answer.unwrap().unwrap(), 2);
        });
        assert_eq!(allocations.count_total, 0);
    });
}

#[tokio::test(start_paused = true)]
async fn a_slow_dependency_cannot_take_the_places_of_another_res_5() {
    let resilience = resilience("{}");
    let slow = resilience.dependency("slow");
    let taken: Vec<_> = std::iter::from_fn(|| slow.bulkhead().try_acquire()).collect();
    assert_eq!(taken.len(), 64);
    let began = Instant::now();
    let quick = ServiceBuilder::new()
        .layer(
            resilience
                .dependency("quick")
                .layer(ClassifyErrors, ReplayClone),
        )
        .service(service_fn(|()| ready(Ok::<_, Infallible>(()))));
    quick.oneshot(()).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[test]
fn limits_of_one_name_are_one_limit_and_are_shown_res_6_res_7() {
    let resilience = resilience("{}");
    let config = RateLimitConfig {
        requests: NonZeroU32::new(2).unwrap(),
        ..RateLimitConfig::default()
    };
    let key = RateLimitKey::api_key("k-1");
    let admitted = (0..3).filter(|_| {
        let limit = resilience.rate_limiter("orders", &config);
        limit.admit(&key, std::time::Instant::now()).is_ok()
    });
    assert_eq!(admitted.count(), 2);
    let one = AdaptiveConcurrencyConfig {
        max_limit: NonZeroU32::new(2).unwrap(),
        ..AdaptiveConcurrencyConfig::default()
    };
    let admit = || {
        let limit = resilience.adaptive_concurrency("all", &one);
        limit.admit(Priority::ALL[0], std::time::Instant::now())
    };
    let _held = [admit().unwrap(), admit().unwrap()];
    assert!(admit().is_err());
    let shown = resilience.limits();
    let rate = &shown.rate_limits[0];
    assert_eq!((rate.name.as_str(), rate.requests), ("orders", 2));
    assert_eq!((rate.keys, rate.rejected), (1, 1));
    let concurrency = &shown.adaptive_concurrency[0];
    assert_eq!((concurrency.limit, concurrency.in_flight), (2, 2));
    assert_eq!(concurrency.rejected, 1);
}
