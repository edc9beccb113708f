//! Callers that leave their guests.

use seaworthy_core::Deadline;

use super::*;

/// Calls a guest that does not end at its deadline. Expects that the caller does not wait for it.
async fn leave(plugin: &Arc<Plugin>, program: &ThreadProgram) {
    let release = program.hold();
    assert_eq!(hook(plugin, SHORT).await, Err(CallError::Starved(SHORT)));
    // The guest keeps its permit until it ends. Later calls run on threads for guests.
    assert_eq!(plugin.own_guests.available_permits(), 0);
    drop(release);
    in_request(async |id| assert_eq!(hook(plugin, TIMEOUT).await, at(GUESTS, &id))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caller_leaves_a_guest_on_a_worker_at_its_deadline_plug_2() {
    let program = Arc::new(ThreadProgram::default());
    leave(&plugin(&program), &program).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn caller_leaves_a_guest_on_the_last_worker_plug_2() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    plugin.worker_guests.forget_permits(1);
    leave(&plugin, &program).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn caller_leaves_a_slow_guest_at_its_deadline_plug_2() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    plugin.state.lock().pace.slow_down(Instant::now());
    leave(&plugin, &program).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_that_waits_for_a_response_exceeds_its_timeout_plug_2() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    let release = program.hold();
    let mut call = Box::pin(hook(&plugin, SHORT));
    while program.calls.load(Ordering::Relaxed) == 0 {
        assert!(futures::poll!(call.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    program.caller.lock().set_guest_waiting(true);
    assert_eq!(call.await, Err(CallError::Timeout(SHORT)));
    drop(release);
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_for_a_permit_leaves_a_guest_its_timeout_plug_2() {
    const LONG: Duration = Duration::from_secs(2);
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    let permit = plugin
        .own_guests
        .try_acquire(CallOrigin::Authenticated)
        .unwrap();
    let release = program.hold();
    let begun = Instant::now();
    let earlier = async {
        tokio::time::sleep(LONG / 4).await;
        drop(permit);
    };
    let (called, ()) = tokio::join!(hook(&plugin, LONG), earlier);
    assert_eq!(called, Err(CallError::Starved(LONG)));
    let waited = begun.elapsed();
    assert!(waited >= LONG / 4 + LONG, "{waited:?}");
    drop(release);
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_does_not_start_after_its_caller_left_plug_2() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    let (release, held) = mpsc::channel::<()>();
    let work = move || -> Ended {
        held.recv_timeout(TIMEOUT).unwrap_err();
        Box::new(|| ())
    };
    plugin.threads.run(work).unwrap();
    let event = Event::new(crate::EventType::USER_LOGIN, "accounts");
    let handle = |timeout| plugin.handle("note".to_owned(), event.clone(), timeout);
    assert_eq!(handle(SHORT).await, Err(CallError::Starved(SHORT)));
    let pace = plugin.state.lock().pace;
    assert_eq!(pace, Pace::Brief, "the guest was not slow");
    drop(release);
    // The first call keeps its permit until its guest would start.
    assert!(handle(TIMEOUT).await.is_ok());
    assert_eq!(program.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_does_not_start_after_its_caller_was_dropped_plug_2() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    let (release, held) = mpsc::channel::<()>();
    let work = move || -> Ended {
        held.recv_timeout(TIMEOUT).unwrap_err();
        Box::new(|| ())
    };
    plugin.threads.run(work).unwrap();
    let event = Event::new(crate::EventType::USER_LOGIN, "accounts");
    let handle = |timeout| plugin.handle("note".to_owned(), event.clone(), timeout);
    // Such as a request whose client closed the connection.
    let mut dropped = Box::pin(handle(TIMEOUT));
    assert!(futures::poll!(dropped.as_mut()).is_pending());
    drop(dropped);
    drop(release);
    // The first call keeps its permit until its guest would start.
    assert!(handle(TIMEOUT).await.is_ok());
    assert_eq!(program.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_deciding_guests_end_with_their_caller_plug_2() {
    for (point, ends) in [(HookPoint::BeforeBiz, true), (HookPoint::AfterBiz, false)] {
        let program = Arc::new(ThreadProgram::default());
        let plugin = plugin(&program);
        let release = program.hold();
        let mut call = Box::pin(hook_at(&plugin, point, TIMEOUT));
        while program.calls.load(Ordering::Relaxed) == 0 {
            assert!(futures::poll!(call.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
        let caller = program.caller.lock().clone();
        assert!(!caller.has_left());
        drop(call);
        assert_eq!(caller.has_left(), ends, "{point:?}");
        drop(release);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_ends_at_the_deadline_of_its_request_plug_2() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    let release = program.hold();
    let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    let request = request.with_deadline(Deadline::after(SHORT));
    let ended = context::scope(Arc::new(request), hook(&plugin, TIMEOUT)).await;
    assert_eq!(ended, Err(CallError::Cancelled));
    assert!(program.caller.lock().has_left());
    assert!(!CallError::Cancelled.is_caused_by_guest());
    drop(release);
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_at_the_end_of_a_request_is_cancelled_plug_2() {
    let plugin = plugin_with(&Arc::default(), "capabilities = [\"http\"]\n");
    let waiting = plugin.waiting_guests.clone().unwrap();
    for permits in [
        &plugin.own_guests,
        &waiting,
        &plugin.thread_guests,
        &plugin.guests,
    ] {
        let _permit = permits.try_acquire(CallOrigin::Authenticated).unwrap();
        let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
        let request = Arc::new(request.with_deadline(Deadline::after(SHORT)));
        // A failed policy could be skipped, and clients can shorten the deadline.
        let ended = context::scope(Arc::clone(&request), hook(&plugin, TIMEOUT)).await;
        assert_eq!(ended, Err(CallError::Cancelled));
        // A hook after work does not end with its request.
        let after = hook_at(&plugin, HookPoint::AfterBiz, SHORT);
        let ended = context::scope(request, after).await;
        assert!(matches!(ended, Err(CallError::Concurrency(_))), "{ended:?}");
    }
}
