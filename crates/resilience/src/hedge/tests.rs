use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use seaworthy_core::{Ratio, Timeout};
use seaworthy_telemetry::metrics::Metrics;
use tokio::time::{Instant, sleep};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use super::*;
use crate::{
    CallLayer,
    retry::{Replay, ReplayClone, ReplayNever, Retry, RetryBudgetConfig, RetryConfig},
};

/// Returns the time until the response and the number of calls, when the first call takes a second
/// and any other 10 ms.
async fn ask<P: Replay<()>>(replay: P, min_retries_per_second: u32) -> (Duration, u32) {
    let budget = RetryBudgetConfig {
        ratio: Ratio::ZERO,
        min_retries_per_second,
        ..RetryBudgetConfig::default()
    };
    let config = RetryConfig {
        budget,
        ..RetryConfig::default()
    };
    let metrics = Metrics::new();
    let retry = Retry::new("stock", &config, &metrics);
    let hedge = HedgeConfig {
        delay: Timeout::from_millis(50),
    };
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let service = ServiceBuilder::new()
        .layer(HedgeLayer::new(&hedge, retry, &metrics, replay))
        .layer(CallLayer)
        .service(service_fn(move |()| {
            let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                sleep(Duration::from_millis(if first { 1_000 } else { 10 })).await;
                Ok::<_, &'static str>(())
            }
        }));
    let began = Instant::now();
    service.oneshot(()).await.unwrap();
    (began.elapsed(), calls.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn late_response_is_hedged_and_the_first_wins_res_8() {
    assert_eq!(ask(ReplayClone, 10).await, (Duration::from_millis(60), 2));
}

#[tokio::test(start_paused = true)]
async fn hedge_needs_replay_and_budget_res_8() {
    let alone = (Duration::from_secs(1), 1);
    assert_eq!(ask(ReplayNever, 10).await, alone);
    assert_eq!(ask(ReplayClone, 0).await, alone);
}
