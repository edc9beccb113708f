use super::*;

/// A breaker that has measured this response time, and as many calls in flight as open it if they
/// stall.
fn waiting(usual: u64, known: u32) -> (Bench, Vec<Admission>) {
    let mut bench = Bench::new(&CircuitBreakerConfig::default());
    for _ in 0..known {
        let admission = bench.admit().unwrap();
        bench.wait(usual);
        admission.report(Outcome::Success, bench.now);
    }
    let mut waiting: Vec<Admission> = (0..5).filter_map(|_| bench.admit()).collect();
    waiting.iter_mut().for_each(Admission::mark_pending);
    (bench, waiting)
}

#[test]
fn stalled_calls_open_breaker_res_1() {
    for (usual, known, max_wait) in [
        // At least a quarter of the slow duration, else ten times the slowest response, and the
        // slow duration without measurements.
        (20, 10, 500),
        (100, 10, 1_000),
        (300, 10, 2_000),
        (20, 9, 2_000),
    ] {
        let (mut bench, waiting) = waiting(usual, known);
        bench.wait(max_wait - 1);
        assert!(bench.admit().is_some(), "{usual} {known}");
        bench.wait(1);
        assert!(bench.admit().is_none(), "{usual} {known}");
        let trips = bench.breaker.snapshot_at(bench.now).trips;
        assert_eq!(trips[0].reason, TripReason::Stalled);
        drop(waiting);
    }
}

#[test]
fn few_pending_calls_are_not_stalled_res_1() {
    type Event = fn(&Bench, &mut Vec<Admission>);
    let events: [Event; 3] = [
        |bench, _| assert!(bench.call(Outcome::Success)),
        |_, waiting| drop(waiting.pop()),
        |bench, waiting| {
            waiting.pop().unwrap().report(Outcome::Neutral, bench.now);
        },
    ];
    for event in events {
        let (mut bench, mut waiting) = waiting(20, 10);
        bench.wait(499);
        event(&bench, &mut waiting);
        bench.wait(1);
        assert!(bench.admit().is_some());
        assert_eq!(bench.breaker.state(), BreakerState::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn response_heads_prevent_stall_res_1() {
    for (head, rejected) in [(true, false), (false, true)] {
        let breaker =
            CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &Metrics::new());
        let service = ServiceBuilder::new()
            .layer(CircuitBreakerLayer::new(breaker.clone(), Streams))
            .layer(CallLayer)
            .service(service_fn(|milliseconds: u64| async move {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                Ok::<_, &str>(::http::Response::new(()))
            }));
        for _ in 0..10 {
            drop(service.clone().oneshot(1).await.unwrap());
        }
        let takes = if head { 20 } else { 60_000 };
        let calls: Vec<_> = (0..8)
            .map(|_| tokio::spawn(service.clone().oneshot(takes)))
            .collect();
        tokio::time::sleep(Duration::from_millis(600)).await;
        // After the head, the client may read the stream for any time.
        assert_eq!(calls.iter().all(|call| call.is_finished()), head);
        assert_eq!(
            breaker
                .admit(tokio::time::Instant::now().into_std())
                .is_err(),
            rejected
        );
        calls.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Every response is a stream.
#[derive(Clone)]
struct Streams;

impl<E> crate::Classify<::http::Response<()>, E> for Streams {
    const DEFERS: bool = true;

    fn classify(&self, _: Result<&::http::Response<()>, &E>) -> Outcome {
        Outcome::Success
    }

    fn defer(
        &self,
        response: &mut ::http::Response<()>,
        late: DeferredReport,
    ) -> Option<DeferredReport> {
        late.insert_into(response);
        None
    }
}
