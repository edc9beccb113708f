//! Policies that are off by default, from the settings to the behavior.

use futures::poll;
use seaworthy_core::{Code, Deadline, Error, RequestContext, ServiceIdentity, context};
use seaworthy_telemetry::metrics::Format;
use tokio::time::sleep;

use super::*;
use crate::Rejection;

const STOCK: &str = "stock";

fn stock(policies: &str) -> Resilience {
    resilience(&format!(r#"{{"dependencies": {{"{STOCK}": {policies}}}}}"#))
}

fn rejection<T: std::fmt::Debug>(result: Result<T, CallError<Infallible>>) -> Rejection {
    match result.unwrap_err() {
        CallError::Rejected(rejection) => rejection,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn configured_rate_limit_rejects_excess_calls_res_6() {
    let resilience = stock(r#"{"rate_limit": {"requests": 2, "window": "1s"}}"#);
    let policies = resilience.dependency(STOCK);
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let service = ServiceBuilder::new()
        .layer(policies.layer(ClassifyErrors, ReplayClone))
        .service(service_fn(move |()| {
            counted.fetch_add(1, Ordering::Relaxed);
            ready(Ok::<_, Infallible>(()))
        }));
    for _ in 0..2 {
        service.clone().oneshot(()).await.unwrap();
    }
    let began = Instant::now();
    let rejection = rejection(service.clone().oneshot(()).await);
    // The rejection is immediate, is not retried, and does not count as a failure of the
    // dependency.
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    assert_eq!(rejection.reason(), RejectionReason::DependencyLimited);
    assert_eq!(rejection.dependency(), STOCK);
    assert!(rejection.retry_after().unwrap() <= Duration::from_millis(500));
    // The limit is on calls to the dependency, so the caller has not exceeded its own limit.
    assert_eq!(Error::from(rejection).code(), Code::Unavailable);
    let shown = policies.snapshot();
    assert_eq!((shown.breaker.failures, shown.retry.retries), (0, 0));
    assert_eq!(shown.rate_limit.unwrap().rejected, 1);
    sleep(Duration::from_millis(600)).await;
    service.oneshot(()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn attempts_and_late_calls_use_up_no_rate_res_6() {
    let resilience = stock(r#"{"rate_limit": {"requests": 2, "window": "1h"}}"#);
    let service = ServiceBuilder::new()
        .layer(
            resilience
                .dependency(STOCK)
                .layer(ClassifyErrors, ReplayClone),
        )
        .service(service_fn(|()| ready(Err::<(), _>("down"))));
    let first = service.clone().oneshot(()).await.unwrap_err();
    assert!(matches!(first, CallError::Failed("down")));
    // Three attempts were one call.
    let second = service.clone().oneshot(()).await.unwrap_err();
    assert!(
        !matches!(&second, CallError::Rejected(rejection) if rejection.reason() == RejectionReason::DependencyLimited)
    );
    // A call that is late already is not counted either.
    let late = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    let late = late.with_deadline(Deadline::after(Duration::ZERO));
    let late = context::scope(Arc::new(late), service.oneshot(())).await;
    assert!(
        matches!(late, Err(CallError::Rejected(by)) if by.reason() == RejectionReason::DeadlineExceeded)
    );
    let shown = resilience.dependency(STOCK).snapshot();
    assert!(shown.retry.retries >= 2, "{shown:?}");
    assert_eq!(shown.rate_limit.unwrap().rejected, 0);
}

#[tokio::test(start_paused = true)]
async fn configured_adaptive_limit_bounds_and_measures_calls_res_7() {
    let resilience = stock(r#"{"adaptive_concurrency": {"max_limit": 2}}"#);
    let policies = resilience.dependency(STOCK);
    let service = ServiceBuilder::new()
        .layer(policies.layer(ClassifyErrors, ReplayClone))
        .service(service_fn(|milliseconds: u64| async move {
            sleep(Duration::from_millis(milliseconds)).await;
            Ok::<_, Infallible>(())
        }));
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut call = Box::pin(service.clone().oneshot(1_000));
        assert!(poll!(&mut call).is_pending());
        held.push(call);
    }
    let rejection = rejection(service.clone().oneshot(1).await);
    assert_eq!(rejection.reason(), RejectionReason::Overloaded);
    let shown = policies.snapshot();
    assert_eq!((shown.breaker.failures, shown.retry.retries), (0, 0));
    let limit = shown.adaptive_concurrency.unwrap();
    assert_eq!((limit.limit, limit.in_flight, limit.rejected), (2, 2, 1));
    drop(held);
    // One of sixteen is measured while the limit is not used.
    for _ in 0..200 {
        service.clone().oneshot(10).await.unwrap();
    }
    let limit = policies.adaptive_concurrency().unwrap().snapshot();
    assert_eq!(limit.in_flight, 0);
    let base = limit.base_latency.unwrap().as_millis();
    assert!((10..=12).contains(&base), "{base}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_call_by_its_deadline_is_measured_res_7() {
    let resilience = stock(
        r#"{"total_timeout": "100ms", "adaptive_concurrency": {"max_limit": 20}, "breaker": {"mode": "off"}, "retry": {"max_attempts": 1}}"#,
    );
    let policies = resilience.dependency(STOCK);
    let service = ServiceBuilder::new()
        .layer(policies.layer(ClassifyErrors, ReplayClone))
        .service(service_fn(|milliseconds: u64| async move {
            sleep(Duration::from_millis(milliseconds)).await;
            Ok::<_, Infallible>(())
        }));
    let limit = policies.adaptive_concurrency().unwrap();
    let rounds = async |milliseconds: u64| {
        for _ in 0..30 {
            let most = limit.snapshot().limit;
            let calls = (0..most).map(|_| service.clone().oneshot(milliseconds));
            futures::future::join_all(calls).await;
        }
        limit.snapshot().limit
    };
    let quick = rounds(10).await;
    let hung = rounds(60_000).await;
    assert!(hung < quick / 2, "{quick}, {hung}");
}

#[tokio::test(start_paused = true)]
async fn configured_hedging_sends_a_second_request_res_8() {
    let resilience = stock(r#"{"hedge": {"delay": "50ms"}}"#);
    let policies = resilience.dependency(STOCK);
    let calls = AtomicU32::new(0);
    let calls = Arc::new(calls);
    let counted = Arc::clone(&calls);
    let service = ServiceBuilder::new()
        .layer(policies.hedge_layer(ReplayClone))
        .layer(policies.layer(ClassifyErrors, ReplayClone))
        .service(service_fn(move |()| {
            let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                sleep(Duration::from_millis(if first { 1_000 } else { 10 })).await;
                Ok::<_, Infallible>(())
            }
        }));
    let began = Instant::now();
    service.oneshot(()).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_millis(60));
    let shown = policies.snapshot().hedge.unwrap();
    assert_eq!((shown.delay, shown.hedges), (Duration::from_millis(50), 1));
}

#[tokio::test(start_paused = true)]
async fn configured_coalescing_merges_equal_requests_res_8() {
    let resilience = stock(r#"{"coalesce": true}"#);
    let policies = resilience.dependency(STOCK);
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let service = ServiceBuilder::new()
        .layer(policies.coalesce_layer(|item: &u32| Some(*item)).unwrap())
        .layer(policies.layer(ClassifyErrors, ReplayClone))
        .service(service_fn(move |item: u32| {
            counted.fetch_add(1, Ordering::Relaxed);
            async move {
                sleep(Duration::from_millis(10)).await;
                Ok::<_, Infallible>(item)
            }
        }));
    let asked = [1, 2, 1, 1].map(|item| service.clone().oneshot(item));
    let answers: Vec<_> = futures::future::join_all(asked).await;
    let answers: Vec<u32> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [1, 2, 1, 1]);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    assert_eq!(policies.snapshot().coalesce.unwrap().coalesced, 2);
}

#[test]
fn unset_policies_are_off_res_6_res_7_res_8() {
    let metrics = Metrics::new();
    let resilience = Resilience::new(ResilienceConfig::default(), metrics.clone());
    let policies = resilience.dependency(STOCK);
    assert!(policies.rate_limit().is_none() && policies.adaptive_concurrency().is_none());
    assert!(!policies.is_hedging());
    let layer = policies.coalesce_layer(|item: &u32| Some(*item));
    assert!(layer.is_none());
    let shown = policies.snapshot();
    assert!(shown.hedge.is_none() && shown.coalesce.is_none());
    let text = metrics.render(Format::PrometheusText);
    for name in ["rate_limit", "concurrency", "hedges", "coalesced"] {
        assert!(!text.contains(name), "{name}: {text}");
    }
}

#[test]
fn an_endpoint_shares_the_limits_of_its_dependency_res_6_res_7() {
    let resilience =
        stock(r#"{"rate_limit": {"requests": 1, "window": "1h"}, "adaptive_concurrency": {}}"#);
    let read = resilience.endpoint(STOCK, "read");
    let now = std::time::Instant::now();
    let _held = read.outgoing().admit(now).unwrap();
    let write = resilience.endpoint(STOCK, "write").snapshot();
    assert_eq!(write.adaptive_concurrency.unwrap().in_flight, 1);
    assert_eq!(write.rate_limit.unwrap().keys, 1);
}
