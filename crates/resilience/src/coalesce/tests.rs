use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use seaworthy_telemetry::metrics::Metrics;
use tokio::time::sleep;
use tower::{Service, ServiceBuilder, ServiceExt as _, service_fn};

use super::*;

fn counted(
    calls: &Arc<AtomicU32>,
) -> impl Service<u32, Response = u32, Error = &'static str, Future: Send + 'static> + Clone + use<>
{
    let calls = Arc::clone(calls);
    let layer = CoalesceLayer::new("stock", &Metrics::new(), |item: &u32| {
        (*item > 0).then_some(*item)
    });
    ServiceBuilder::new()
        .layer(layer)
        .service(service_fn(move |item: u32| {
            calls.fetch_add(1, Ordering::Relaxed);
            async move {
                sleep(Duration::from_millis(10)).await;
                Ok::<_, &'static str>(item * 2)
            }
        }))
}

#[tokio::test(start_paused = true)]
async fn concurrent_equal_requests_share_one_call_res_8() {
    let calls = Arc::default();
    let service = counted(&calls);
    let asked = (0..1_000_u32).map(|number| service.clone().oneshot(1 + number % 2));
    for answer in futures::future::join_all(asked).await {
        assert!([2, 4].contains(&answer.unwrap()));
    }
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    assert_eq!(
        service.oneshot(1).await,
        Ok(2),
        "a later request is a call of its own"
    );
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn request_without_key_is_not_coalesced_res_8() {
    let calls = Arc::default();
    let service = counted(&calls);
    let asked = (0..5).map(|_| service.clone().oneshot(0));
    futures::future::join_all(asked).await;
    assert_eq!(calls.load(Ordering::Relaxed), 5);
}

#[tokio::test(start_paused = true)]
async fn cancelled_caller_does_not_cancel_shared_call_res_8() {
    let calls = Arc::default();
    let service = counted(&calls);
    let mut first = Box::pin(service.clone().oneshot(7));
    assert!(futures::poll!(&mut first).is_pending());
    let mut second = Box::pin(service.clone().oneshot(7));
    assert!(futures::poll!(&mut second).is_pending());
    drop(first);
    assert_eq!(second.await, Ok(14));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}
