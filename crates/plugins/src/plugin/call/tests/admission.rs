//! Calls of plugins that are stopped, disabled, throttled or busy.

use super::*;
use crate::{
    PluginFailure,
    sandbox::{CpuShare, FAULT_WINDOW},
};

/// Disables a plugin so early that its next call is a trial.
fn disable(plugin: &Plugin) {
    let before = Instant::now().checked_sub(FAULT_WINDOW * 2).unwrap();
    while !plugin.state.lock().faults.is_disabled() {
        let mut state = plugin.state.lock();
        let call = state.faults.permit(before).unwrap();
        state.faults.fail(call, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trial_whose_host_panics_fails_plug_2() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    disable(&plugin);
    let release = program.hold();
    release.send(()).unwrap();
    let panicked = Err(CallError::Trap("the host panicked".to_owned()));
    assert_eq!(hook(&plugin, TIMEOUT).await, panicked);
    assert_eq!(hook(&plugin, TIMEOUT).await, Err(CallError::Disabled));
}

#[tokio::test(flavor = "multi_thread")]
async fn trial_whose_guest_does_not_start_is_repeated_plug_2() {
    let plugin = plugin(&Arc::default());
    disable(&plugin);
    let permit = plugin
        .own_guests
        .try_acquire(CallOrigin::Authenticated)
        .unwrap();
    let busy = Err(CallError::Concurrency("this plugin"));
    assert_eq!(hook(&plugin, SHORT).await, busy);
    drop(permit);
    assert!(hook(&plugin, TIMEOUT).await.is_ok());
    assert!(plugin.is_enabled());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_faults_replace_the_cause_of_a_trial_plug_1() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    disable(&plugin);
    let cause = || plugin.state.lock().error.clone().map(|error| error.message);
    plugin.state.lock().error = Some(PluginFailure::from(&CallError::HostCalls(7)));
    for error in [CallError::Input(7), CallError::Starved(TIMEOUT)] {
        *program.error.lock() = Some(error.clone());
        assert_eq!(hook(&plugin, TIMEOUT).await, Err(error));
        let expected = "made more than 7 calls to the host";
        assert_eq!(cause().as_deref(), Some(expected));
    }
    *program.error.lock() = Some(CallError::Memory(7));
    assert!(hook(&plugin, TIMEOUT).await.is_err());
    let expected = "needs more memory than 7 bytes";
    assert_eq!(cause().as_deref(), Some(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_not_trials_plug_2() {
    let plugin = plugin(&Arc::default());
    disable(&plugin);
    let check = || plugin.step(LifecycleStep::HealthCheck);
    assert_eq!(check().await, Err(CallError::Disabled));
    assert!(plugin.step(LifecycleStep::Start).await.is_ok());
    assert!(plugin.is_disabled_by_faults());
    assert!(hook(&plugin, TIMEOUT).await.is_ok());
    assert!(check().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_run_without_a_cpu_share_plug_2() {
    let plugin = plugin(&Arc::default());
    let now = Instant::now();
    plugin.state.lock().share = CpuShare::new(5, now);
    let used = Duration::from_secs(60);
    plugin
        .state
        .lock()
        .share
        .charge(CallOrigin::Authenticated, used);
    let throttled = CallError::Throttled;
    assert_eq!(hook(&plugin, TIMEOUT).await, Err(throttled.clone()));
    let check = plugin.step(LifecycleStep::HealthCheck);
    assert_eq!(check.await, Err(throttled));
    for step in [
        LifecycleStep::Initialize,
        LifecycleStep::Start,
        LifecycleStep::Stop,
        LifecycleStep::Cleanup,
    ] {
        assert!(plugin.step(step).await.is_ok(), "{step:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plugin_that_failed_to_start_is_not_called_plug_1() {
    let plugin = plugin(&Arc::default());
    plugin.set_status(PluginStatus::Error);
    assert_eq!(hook(&plugin, TIMEOUT).await, Err(CallError::Stopped));
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_plugin_rejects_calls_and_runs_its_steps_plug_1() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    let release = program.hold();
    let earlier = tokio::spawn({
        let plugin = Arc::clone(&plugin);
        async move { hook(&plugin, TIMEOUT).await }
    });
    while program.calls.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    plugin.set_status(PluginStatus::Stopped);
    assert_eq!(hook(&plugin, TIMEOUT).await, Err(CallError::Stopped));
    let mut ended = Box::pin(plugin.calls_ended());
    assert!(futures::poll!(ended.as_mut()).is_pending());
    drop(release);
    ended.await;
    assert!(earlier.await.unwrap().is_ok());
    assert!(plugin.step(LifecycleStep::Stop).await.is_ok());
    let code = Arc::downgrade(&plugin.program.lock().clone().unwrap());
    plugin.release();
    drop(program);
    assert!(code.upgrade().is_none());
    assert_eq!(
        plugin.step(LifecycleStep::Stop).await,
        Err(CallError::Stopped)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_leave_calls_to_brief_hooks_plug_2() {
    let program = Arc::new(ThreadProgram::default());
    let plugin = plugin(&program);
    for permits in [&plugin.guests, &plugin.own_guests] {
        permits.add_permits(2);
    }
    let release = program.hold();
    let event = Event::new(crate::EventType::USER_LOGIN, "accounts");
    let handle = |timeout| plugin.handle("note".to_owned(), event.clone(), timeout);
    let mut handler = Box::pin(handle(TIMEOUT));
    assert!(futures::poll!(handler.as_mut()).is_pending());
    while program.calls.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    assert!(hook(&plugin, TIMEOUT).await.is_ok());
    let busy = Err(CallError::Concurrency(THREAD_GUESTS));
    assert_eq!(handle(SHORT).await, busy);
    plugin.state.lock().pace = Pace::Unknown;
    let busy = Err(CallError::Concurrency(THREAD_GUESTS));
    assert_eq!(hook(&plugin, SHORT).await, busy);
    drop(release);
    assert!(handler.await.is_ok());
}
