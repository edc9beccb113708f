use std::{
    convert::Infallible,
    fmt::Debug,
    future::{Ready, ready},
    hint::black_box,
    io::{self, Write as _},
    num::NonZeroU32,
    time::{Duration, Instant},
};

use backon::{ExponentialBuilder, Retryable as _};
use futures::FutureExt as _;
use governor::{Quota, RateLimiter as Governor};
use seaworthy_core::Timeout;
use seaworthy_resilience::{
    CallLayer, ClassifyErrors,
    bulkhead::BulkheadLayer,
    circuit_breaker::CircuitBreakerLayer,
    policies::{Resilience, ResilienceConfig},
    rate_limit::{RateLimitConfig, RateLimitKey, RateLimiter},
    retry::{ReplayClone, RetryLayer},
    timeout::TimeoutLayer,
};
use seaworthy_telemetry::metrics::Metrics;
use tower::{Layer, Service, retry::Policy};
use tower_resilience_circuitbreaker as other_breaker;

use crate::Failure;

/// Number of calls per measurement.
const CALLS: u32 = 100_000;

/// Retries failures without a budget or a delay.
#[derive(Clone)]
struct RetryFailures;

impl<E> Policy<u32, u32, E> for RetryFailures {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut u32, result: &mut Result<u32, E>) -> Option<Self::Future> {
        result.is_err().then(|| ready(()))
    }

    fn clone_request(&mut self, request: &u32) -> Option<u32> {
        Some(*request)
    }
}

fn answer(number: u32) -> Ready<Result<u32, Infallible>> {
    ready(Ok(black_box(number)))
}

/// Returns the mean time of a call in nanoseconds. The service is polled for readiness before each
/// call, and responds immediately.
#[inline(never)]
fn call<S: Service<u32, Response = u32, Error: Debug>>(service: &mut S) -> Result<f64, Failure> {
    let start = Instant::now();
    for number in 0..CALLS {
        let answered = async {
            std::future::poll_fn(|context| service.poll_ready(context)).await?;
            service.call(number).await
        };
        if !matches!(answered.now_or_never(), Some(Ok(_))) {
            return Err("the call was not ready".into());
        }
    }
    Ok(mean_ns(start))
}

#[inline(never)]
fn decide(mut admits: impl FnMut() -> bool) -> Result<f64, Failure> {
    let start = Instant::now();
    for _ in 0..CALLS {
        if !black_box(admits()) {
            return Err("the limit rejected a call".into());
        }
    }
    Ok(mean_ns(start))
}

fn mean_ns(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
}

/// Runs both sides in turns and prints the best time of each. Interference only adds time.
fn row(
    name: &str,
    rounds: u32,
    mut other: impl FnMut() -> Result<f64, Failure>,
    mut seaworthy: impl FnMut() -> Result<f64, Failure>,
) -> Result<(), Failure> {
    let (mut best_other, mut best_seaworthy) = (f64::MAX, f64::MAX);
    for _ in 0..rounds {
        best_other = best_other.min(other()?);
        best_seaworthy = best_seaworthy.min(seaworthy()?);
    }
    let ratio = best_seaworthy / best_other;
    writeln!(
        io::stdout(),
        "{name:<52} {best_other:>8.1} ns {best_seaworthy:>8.1} ns   {ratio:.2}"
    )?;
    Ok(())
}

pub(crate) fn run(rounds: u32) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let _entered = runtime.enter();
    let second = Duration::from_secs(1);
    let policies = Resilience::new(ResilienceConfig::default(), Metrics::new()).dependency("bench");
    let bare = || tower::service_fn(answer);
    let inner = || CallLayer.layer(bare());
    writeln!(
        io::stdout(),
        "one immediate call                                       other  seaworthy   ratio"
    )?;

    let mut other = tower::timeout::Timeout::new(bare(), second);
    let mut seaworthy = TimeoutLayer::new(Timeout::from_secs(1)).layer(inner());
    row(
        "timeout: tower::timeout",
        rounds,
        || call(&mut other),
        || call(&mut seaworthy),
    )?;

    let mut other = other_breaker::CircuitBreakerLayer::builder()
        .failure_rate_threshold(0.5)
        .sliding_window_size(100)
        .build()?
        .layer(bare());
    let mut seaworthy =
        CircuitBreakerLayer::new(policies.breaker().clone(), ClassifyErrors).layer(inner());
    row(
        "breaker: tower-resilience-circuitbreaker",
        rounds,
        || call(&mut other),
        || call(&mut seaworthy),
    )?;

    let mut other = tower::limit::ConcurrencyLimit::new(bare(), 64);
    let mut seaworthy = BulkheadLayer::new(policies.bulkhead().clone()).layer(inner());
    row(
        "bulkhead: tower::limit::ConcurrencyLimit",
        rounds,
        || call(&mut other),
        || call(&mut seaworthy),
    )?;

    let retry = || RetryLayer::new(policies.retry().clone(), ClassifyErrors, ReplayClone);
    let mut other = tower::retry::Retry::new(RetryFailures, bare());
    let mut seaworthy = retry().layer(inner());
    row(
        "retry with a budget: tower::retry without one",
        rounds,
        || call(&mut other),
        || call(&mut seaworthy),
    )?;
    let mut other = tower::service_fn(|number| {
        (move || answer(number)).retry(ExponentialBuilder::default().with_jitter())
    });
    let mut seaworthy = retry().layer(inner());
    row(
        "retry with a budget: backon without one",
        rounds,
        || call(&mut other),
        || call(&mut seaworthy),
    )?;

    let config = RateLimitConfig {
        requests: NonZeroU32::MAX,
        window: Timeout::from_secs(1),
        ..RateLimitConfig::default()
    };
    let key = RateLimitKey::api_key("bench");
    let other = Governor::keyed(Quota::per_second(NonZeroU32::MAX));
    let seaworthy = RateLimiter::new("bench", &config, &Metrics::new());
    row(
        "rate limit by key: governor, keyed",
        rounds,
        || decide(|| other.check_key(&key).is_ok()),
        || decide(|| seaworthy.admit(&key, Instant::now()).is_ok()),
    )
}
