use std::{convert::Infallible, num::NonZeroU32, sync::Arc, time::Duration};

use seaworthy_core::Delay;
use seaworthy_telemetry::metrics::{Format, Metrics};
use tokio::{sync::Semaphore, time::Instant};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use super::*;
use crate::{CallError, CallLayer, Refused};

fn config(maximum_wait: Delay) -> BulkheadConfig {
    BulkheadConfig {
        maximum_calls: NonZeroU32::new(2).unwrap(),
        maximum_waiting: 1,
        maximum_wait,
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_bulkhead_lets_one_wait_and_refuses_the_next_at_once_res_5() {
    let metrics = Metrics::new();
    let bulkhead = Bulkhead::new("stock", &config(Delay::from_secs(1)), &metrics);
    let gate = Arc::new(Semaphore::new(0));
    let behind = Arc::clone(&gate);
    let service = ServiceBuilder::new()
        .layer(BulkheadLayer::new(bulkhead.clone()))
        .layer(CallLayer)
        .service(service_fn(move |()| {
            let gate = Arc::clone(&behind);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok::<_, Infallible>(())
            }
        }));
    let calls: Vec<_> = (0..3)
        .map(|_| tokio::spawn(service.clone().oneshot(())))
        .collect();
    while bulkhead.snapshot().waiting == 0 {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    let error = service.clone().oneshot(()).await.unwrap_err();
    assert!(matches!(error, CallError::Refused(refusal) if refusal.by() == Refused::BulkheadFull));
    assert_eq!(began.elapsed(), Duration::ZERO);
    let text = metrics.render(Format::PrometheusText);
    for line in [
        "bulkhead_running_calls{name=\"stock\"} 2",
        "bulkhead_waiting_calls{name=\"stock\"} 1",
        "bulkhead_refused_total{name=\"stock\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    gate.add_permits(3);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(bulkhead.snapshot().running, 0);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_at_its_bound_and_zero_is_no_wait_res_5() {
    for wait in [Delay::from_millis(20), Delay::ZERO] {
        let bulkhead = Bulkhead::new("stock", &config(wait), &Metrics::new());
        let _taken = [bulkhead.try_enter().unwrap(), bulkhead.try_enter().unwrap()];
        let began = Instant::now();
        assert!(bulkhead.enter().await.is_err());
        assert_eq!(began.elapsed(), wait.get());
        assert_eq!(bulkhead.snapshot().waiting, 0);
    }
}

#[tokio::test]
async fn a_call_that_is_cancelled_gives_its_place_back_res_5() {
    let bulkhead = Bulkhead::new("stock", &config(Delay::ZERO), &Metrics::new());
    for _ in 0..10 {
        let permit = bulkhead.enter().await.unwrap();
        drop(permit);
    }
    assert_eq!(bulkhead.snapshot().running, 0);
}
