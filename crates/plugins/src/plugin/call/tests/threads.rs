//! The threads on which guests run.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn only_calls_of_slow_plugins_leave_the_workers_plug_2() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    let calls = in_request(async |id| {
        // All workers have the same name.
        let worker = tokio::spawn(async { thread::current().name().map(str::to_owned) });
        let worker = worker.await.unwrap().unwrap();
        assert_eq!(hook(&plugin, TIMEOUT).await, at(&worker, &id));
        // The first call after the load shows that the plugin is brief.
        plugin.state.lock().pace = Pace::Unknown;
        assert_eq!(hook(&plugin, TIMEOUT).await, at(GUESTS, &id));
        assert_eq!(hook(&plugin, TIMEOUT).await, at(&worker, &id));
        // This call shows that the plugin is slow.
        *program.compute.lock() = TICK * 2;
        assert_eq!(hook(&plugin, TIMEOUT).await, at(&worker, &id));
        *program.compute.lock() = Duration::ZERO;
        assert_eq!(hook(&plugin, TIMEOUT).await, at(GUESTS, &id));
        // A minute later a brief call shows that it is brief again.
        plugin.state.lock().pace = Pace::SlowUntil(Instant::now());
        assert_eq!(hook(&plugin, TIMEOUT).await, at(GUESTS, &id));
        assert_eq!(hook(&plugin, TIMEOUT).await, at(&worker, &id));
    });
    calls.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_call_has_released_its_permits_plug_2() {
    let plugin = plugin(&Arc::default());
    for _ in 0..1_000 {
        assert!(hook(&plugin, TIMEOUT).await.is_ok());
        let workers = plugin.worker_guests.available_permits();
        let free = [&plugin.own_guests, &plugin.guests].map(Permits::available_permits);
        assert_eq!((workers, free), (1, [1; 2]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_may_wait_for_http_leave_the_workers_plug_2() {
    let plugin = plugin_with(&Arc::default(), "capabilities = [\"http\"]\n");
    in_request(async |id| assert_eq!(hook(&plugin, TIMEOUT).await, at(GUESTS, &id))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_and_steps_leave_the_workers_plug_2() {
    let plugin = plugin(&Arc::default());
    in_request(async |id| {
        let there = format!("{GUESTS:?} {:?}", Some(&id));
        let event = Event::new(crate::EventType::USER_LOGIN, "accounts");
        let handled = plugin.handle("note".to_owned(), event, TIMEOUT).await;
        assert_eq!(handled, Ok(Err(HandlerError::Permanent(there.clone()))));
        let step = plugin.step(LifecycleStep::HealthCheck).await;
        assert_eq!(step, Ok(Err(there)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plugin_that_slows_during_a_wait_needs_a_thread_permit_plug_2() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    for (calls, permits) in [&plugin.own_guests, &plugin.guests].into_iter().enumerate() {
        plugin.state.lock().pace = Pace::Brief;
        let busy = permits.try_acquire(CallOrigin::Authenticated).unwrap();
        let mut waiting = Box::pin(hook(&plugin, TIMEOUT));
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        plugin.state.lock().pace.slow_down(Instant::now());
        let release = program.hold();
        drop(busy);
        let began = async {
            while program.calls.load(Ordering::Relaxed) == calls {
                tokio::task::yield_now().await;
            }
            let free = plugin.thread_guests.available_permits();
            drop(release);
            free
        };
        let (called, free) = tokio::join!(waiting, began);
        assert!(called.is_ok());
        assert_eq!(free, 0);
    }
}
