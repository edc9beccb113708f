//! Measures the cost of the policies around a call that is ready immediately, in nanoseconds. It
//! measures each policy alone and all together.
//!
//! ```text
//! cargo run --profile dist -p seaworthy-resilience --example pipeline
//! ```
//!
//! A number as argument sets the number of rounds. On a busy machine, count instructions instead of
//! time. The instructions of one call are the difference between a run of two rounds and a run of
//! one round, divided by 200,000.
//!
//! ```text
//! valgrind --tool=callgrind target/dist/examples/pipeline 1
//! ```

use std::{
    convert::Infallible,
    future::{Ready, ready},
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use seaworthy_core::Timeout;
use seaworthy_resilience::{
    CallLayer, ClassifyErrors,
    bulkhead::BulkheadLayer,
    circuit_breaker::CircuitBreakerLayer,
    policies::{Resilience, ResilienceConfig},
    retry::{ReplayClone, RetryLayer},
    timeout::TimeoutLayer,
};
use seaworthy_telemetry::metrics::Metrics;
use tower::{Service, ServiceBuilder};

/// Calls in one round.
const CALLS: u32 = 200_000;
/// Rounds, of which the fastest counts: what disturbs only slows.
const ROUNDS: u32 = 15;

fn answer(number: u32) -> Ready<Result<u32, Infallible>> {
    ready(Ok(std::hint::black_box(number)))
}

#[inline(never)]
fn nanoseconds<S: Service<u32, Response = u32, Error: std::fmt::Debug>>(mut service: S) -> f64 {
    let asked = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let mut best = Duration::MAX;
    for _ in 0..asked.unwrap_or(ROUNDS) {
        let began = Instant::now();
        for number in 0..CALLS {
            let result = service.call(number).now_or_never();
            assert!(matches!(result, Some(Ok(_))), "the call was not ready");
        }
        best = best.min(began.elapsed());
    }
    best.as_secs_f64() * 1e9 / f64::from(CALLS)
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are what this command is for"
)]
fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let _entered = runtime.enter();
    let policies = Resilience::new(ResilienceConfig::default(), Metrics::new()).dependency("stock");
    let bare = || ServiceBuilder::new().layer(CallLayer).service_fn(answer);
    let breaker = CircuitBreakerLayer::new(policies.breaker().clone(), ClassifyErrors);
    let retry = RetryLayer::new(policies.retry().clone(), ClassifyErrors, ReplayClone);
    let whole = policies.layer(ClassifyErrors, ReplayClone);
    let layered = ServiceBuilder::new();
    println!("nothing    {:6.1} ns", nanoseconds(bare()));
    let timeout = layered
        .clone()
        .layer(TimeoutLayer::new(Timeout::from_secs(1)));
    println!("timeout    {:6.1} ns", nanoseconds(timeout.service(bare())));
    println!(
        "breaker    {:6.1} ns",
        nanoseconds(layered.clone().layer(breaker).service(bare()))
    );
    let bulkhead = layered
        .clone()
        .layer(BulkheadLayer::new(policies.bulkhead().clone()));
    println!(
        "bulkhead   {:6.1} ns",
        nanoseconds(bulkhead.service(bare()))
    );
    println!(
        "retry      {:6.1} ns",
        nanoseconds(layered.clone().layer(retry).service(bare()))
    );
    let whole = layered.layer(whole).service_fn(answer);
    println!("all of it  {:6.1} ns", nanoseconds(whole));
    Ok(())
}
