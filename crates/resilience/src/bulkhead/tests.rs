use std::{
    collections::VecDeque,
    convert::Infallible,
    future::pending,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::FutureExt as _;
use proptest::prelude::{
    Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use seaworthy_core::Delay;
use seaworthy_telemetry::metrics::{Format, Metrics};
use tokio::{sync::Semaphore, time::Instant};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use super::{fair_semaphore::FairSemaphore, *};
use crate::{CallError, CallLayer, RejectionReason};

fn config(max_wait: Delay) -> BulkheadConfig {
    BulkheadConfig {
        max_concurrent_calls: NonZeroU32::new(2).unwrap(),
        max_waiting_calls: 1,
        max_wait,
    }
}

#[tokio::test(start_paused = true)]
async fn full_bulkhead_queues_one_call_and_rejects_next_res_5() {
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
    assert!(
        matches!(error, CallError::Rejected(rejection) if rejection.reason() == RejectionReason::BulkheadFull)
    );
    assert_eq!(began.elapsed(), Duration::ZERO);
    let text = metrics.render(Format::PrometheusText);
    for line in [
        "bulkhead_running_calls{name=\"stock\"} 2",
        "bulkhead_waiting_calls{name=\"stock\"} 1",
        "bulkhead_rejected_total{name=\"stock\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    gate.add_permits(3);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(bulkhead.snapshot().running, 0);
    assert_eq!(bulkhead.snapshot().rejected, 1);
}

#[tokio::test(start_paused = true)]
async fn wait_ends_at_its_bound_and_may_be_zero_res_5() {
    for wait in [Delay::from_millis(20), Delay::ZERO] {
        let bulkhead = Bulkhead::new("stock", &config(wait), &Metrics::new());
        let _taken = [
            bulkhead.try_acquire().unwrap(),
            bulkhead.try_acquire().unwrap(),
        ];
        let began = Instant::now();
        assert!(bulkhead.acquire().await.is_err());
        assert_eq!(began.elapsed(), wait.get());
        assert_eq!(bulkhead.snapshot().waiting, 0);
    }
}

#[tokio::test]
async fn cancelled_call_releases_its_place_res_5() {
    let bulkhead = Bulkhead::new("stock", &config(Delay::ZERO), &Metrics::new());
    let service = ServiceBuilder::new()
        .layer(BulkheadLayer::new(bulkhead.clone()))
        .layer(CallLayer)
        .service(service_fn(|()| pending::<Result<(), Infallible>>()));
    for _ in 0..10 {
        let call = tokio::spawn(service.clone().oneshot(()));
        while bulkhead.snapshot().running == 0 {
            tokio::task::yield_now().await;
        }
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        assert_eq!(bulkhead.snapshot().running, 0);
    }
}

/// The operations of a test on slots, in order. `usize` chooses among the holders or the waiting
/// calls.
#[derive(Debug, Clone)]
enum Step {
    Ask,
    Leave(usize),
    GiveBack(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Ask),
        1 => any::<usize>().prop_map(Step::Leave),
        2 => any::<usize>().prop_map(Step::GiveBack),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    #[test]
    fn permits_are_bounded_and_in_fifo_order_res_5(all in 1_u32..5, steps in steps()) {
        let permits = FairSemaphore::new(all);
        let mut held = Vec::new();
        let mut waiting: VecDeque<_> = VecDeque::new();
        for step in steps {
            match step {
                Step::Ask => {
                    let mut wait = Box::pin({
                        let permits = permits.clone();
                        async move { permits.acquire().await }
                    });
                    match wait.as_mut().now_or_never() {
                        Some(permit) => held.push(permit),
                        None => waiting.push_back(wait),
                    }
                }
                Step::Leave(index) if !waiting.is_empty() => {
                    drop(waiting.remove(index % waiting.len()));
                }
                Step::GiveBack(index) if !held.is_empty() => {
                    drop(held.swap_remove(index % held.len()));
                    if let Some(first) = waiting.front_mut() {
                        let permit = first.as_mut().now_or_never();
                        prop_assert!(permit.is_some(), "the first who waits has no permit");
                        held.extend(permit);
                        waiting.pop_front();
                    }
                }
                Step::Leave(_) | Step::GiveBack(_) => {}
            }
            let taken = u32::try_from(held.len()).unwrap();
            prop_assert_eq!(permits.in_use(), taken);
            prop_assert!(taken <= all);
            prop_assert!(waiting.is_empty() || taken == all, "one waits though a permit is free");
            prop_assert_eq!(permits.try_acquire().is_some(), taken < all);
            for wait in &mut waiting {
                prop_assert!(wait.as_mut().now_or_never().is_none(), "someone overtook");
            }
        }
        waiting.clear();
        held.clear();
        prop_assert_eq!(permits.in_use(), 0);
    }
}

#[test]
fn permit_of_cancelled_call_goes_to_next_res_5() {
    let permits = FairSemaphore::new(1);
    let held = permits.try_acquire().unwrap();
    let mut first = Box::pin(permits.acquire());
    let mut second = Box::pin(permits.acquire());
    assert!(first.as_mut().now_or_never().is_none());
    assert!(second.as_mut().now_or_never().is_none());
    drop(held);
    drop(first);
    assert!(second.as_mut().now_or_never().is_some());
    drop(second);
    assert_eq!(permits.in_use(), 0);
}

#[test]
fn concurrent_acquire_and_release_keep_all_places_res_5() {
    const ALL: u32 = 3;
    let (permits, inside) = (FairSemaphore::new(ALL), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for thread in 0..8_u32 {
            let (permits, inside) = (&permits, &inside);
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                for turn in 0..20_000_u32 {
                    // Cancels every third wait after one poll, at which a permit may just be passed
                    // to it.
                    let permit = if (thread + turn) % 3 == 0 {
                        permits.acquire().now_or_never()
                    } else {
                        Some(runtime.block_on(permits.acquire()))
                    };
                    if let Some(permit) = permit {
                        assert!(inside.fetch_add(1, Ordering::SeqCst) < ALL);
                        if turn % 7 == 0 {
                            std::thread::yield_now();
                        }
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                    }
                }
            });
        }
    });
    assert_eq!(permits.in_use(), 0);
    let free: Vec<_> = std::iter::from_fn(|| permits.try_acquire()).collect();
    assert_eq!(free.len(), 3);
}
