use std::{
    sync::{
        Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use parking_lot::Mutex;
use seaworthy_core::{Deadline, RequestContext, ServiceIdentity};
use seaworthy_telemetry::metrics::Counter;
use serde_json::Map;
use tokio::sync::Notify;

use super::*;
use crate::{
    Capability, FailureMode, HookPoint, Manifest, PluginFailure, PluginSettings, PluginStatus,
    folder::FilesHash,
    plugin::{Observe, State, Timers, Uses},
    runtime::{Caller, Exports, HookContext},
    sandbox::{CpuShare, FAULT_WINDOW, GuestThreads, LogAccess},
};

const MANIFEST: &str = "name = \"guard\"\nversion = \"1.0.0\"\napi = \"0.2.0\"\nsha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n";
/// The name of the threads for guests.
const GUESTS: &str = "plugin-guest";
/// Far longer than a guest needs on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Fails with the name of its thread and the request, after it computed for a time.
#[derive(Debug, Default)]
struct Placed {
    compute: Mutex<Duration>,
    /// The next call runs until its sender is dropped, like a guest in a long instruction.
    held: Mutex<Option<mpsc::Receiver<()>>>,
    /// The error of the next hook.
    error: Mutex<Option<CallError>>,
    /// The caller of the last hook.
    caller: Mutex<Caller>,
    calls: AtomicUsize,
}

impl Placed {
    /// Makes the next call run until the drop of the result. A message makes it panic.
    fn hold(&self) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel();
        *self.held.lock() = Some(held);
        release
    }

    fn place(&self) -> String {
        self.calls.fetch_add(1, Ordering::Relaxed);
        // Other calls do not wait for this one.
        let held = self.held.lock().take();
        if let Some(held) = held {
            let released = held.recv_timeout(TIMEOUT);
            assert_eq!(released, Err(mpsc::RecvTimeoutError::Disconnected));
        }
        let compute = *self.compute.lock();
        let begun = CpuTime::now();
        while begun.elapsed() < compute {}
        let request = context::current();
        let request = request.map(|request| request.request_id().to_string());
        let thread = thread::current();
        format!("{:?} {request:?}", thread.name().unwrap_or_default())
    }
}

impl Program for Placed {
    fn exports(&self) -> Exports {
        Exports {
            hooks: true,
            events: true,
            policy: false,
        }
    }

    fn step(&self, _: LifecycleStep, _: &CallLimits) -> Result<Result<(), String>, CallError> {
        Ok(Err(self.place()))
    }

    fn hook(&self, _: &HookInput, limits: &CallLimits) -> Result<HookOutcome, CallError> {
        *self.caller.lock() = limits.caller.clone();
        if let Some(error) = self.error.lock().take() {
            return Err(error);
        }
        Ok(HookOutcome::Fail(self.place()))
    }

    fn handle(
        &self,
        _: &str,
        _: &Event,
        _: &CallLimits,
    ) -> Result<Result<(), HandlerError>, CallError> {
        Ok(Err(HandlerError::Permanent(self.place())))
    }

    fn decide(&self, _: &Question, _: &CallLimits) -> Result<Decision, CallError> {
        Ok(Decision::Deny(self.place()))
    }
}

struct Unobserved;

impl Observe for Unobserved {
    fn record_call(&self, _: &Manifest, _: &str, _: Result<(), &CallError>, _: Instant) {}
    fn record_transition(&self, _: &Manifest, _: Transition, _: Option<&CallError>) {}
}

fn plugin(program: &Arc<Placed>) -> Arc<Plugin> {
    plugin_with(program, "")
}

/// Returns a plugin with further lines of its manifest.
fn plugin_with(program: &Arc<Placed>, more: &str) -> Arc<Plugin> {
    let program: Arc<dyn Program> = Arc::clone(program) as _;
    let manifest = format!("{MANIFEST}{more}");
    let manifest = Manifest::parse("guard", &manifest).unwrap();
    let may_wait = manifest.capabilities.contains(&Capability::Http);
    Arc::new(Plugin {
        manifest,
        settings: PluginSettings::default(),
        files_hash: FilesHash::default(),
        path: "guard".into(),
        config_path: None,
        is_signed: true,
        exports: program.exports(),
        program: Mutex::new(Some(program)),
        limits: CallLimits {
            timeout: Duration::from_secs(30),
            memory: 0,
            payload: 0,
            host_calls: 0,
            cpu_time: Duration::from_secs(30),
            caller: Caller::default(),
        },
        on_failure: FailureMode::Closed,
        guests: Arc::new(Semaphore::new(1)),
        waiting_guests: may_wait.then(|| Arc::new(Semaphore::new(1))),
        thread_guests: Arc::new(Semaphore::new(1)),
        own_guests: Arc::new(Semaphore::new(1)),
        worker_guests: Arc::new(Semaphore::new(1)),
        threads: Arc::new(GuestThreads::new(GUESTS, 1)),
        log: Arc::new(LogAccess::new(0, Counter::default())),
        timers: Timers::default(),
        state: Mutex::new(State {
            status: PluginStatus::Started,
            is_active: true,
            pace: Pace::Brief,
            ..State::new(100)
        }),
        is_retired: AtomicBool::new(false),
        retirement: Notify::new(),
        uses: Uses::default(),
        calls: Uses::default(),
        observe: Arc::new(Unobserved),
        plugins: Weak::new(),
    })
}

async fn hook(plugin: &Arc<Plugin>, timeout: Duration) -> Result<HookOutcome, CallError> {
    hook_at(plugin, HookPoint::BeforeBiz, timeout).await
}

async fn hook_at(
    plugin: &Arc<Plugin>,
    point: HookPoint,
    timeout: Duration,
) -> Result<HookOutcome, CallError> {
    let input = HookInput {
        hook: "guard".to_owned(),
        point,
        context: HookContext::default(),
        values: Map::new(),
        metadata: Vec::new(),
    };
    plugin.hook(input, timeout).await
}

/// Runs a test in a request. Its ID is the argument.
async fn in_request<F: Future<Output = ()>>(test: impl FnOnce(String) -> F) {
    let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    let id = request.request_id().to_string();
    context::scope(Arc::new(request), test(id)).await;
}

/// Returns the failure with the place of a call in a request.
fn at(thread: &str, request: &str) -> Result<HookOutcome, CallError> {
    Ok(HookOutcome::Fail(format!("{thread:?} {:?}", Some(request))))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_calls_of_slow_plugins_leave_the_workers_plug_2() {
    let program = Arc::new(Placed::default());
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
        let permits = [&plugin.worker_guests, &plugin.own_guests, &plugin.guests];
        let free = permits.map(|permits| permits.available_permits());
        assert_eq!(free, [1; 3]);
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

/// A timeout within which a guest starts, also on a loaded machine.
const SHORT: Duration = Duration::from_millis(200);

/// Calls a guest that does not end at its deadline. Expects that the caller does not wait for it.
async fn leave(plugin: &Arc<Plugin>, program: &Placed) {
    let release = program.hold();
    assert_eq!(hook(plugin, SHORT).await, Err(CallError::Timeout(SHORT)));
    // The guest keeps its permit until it ends. Later calls run on threads for guests.
    assert_eq!(plugin.own_guests.available_permits(), 0);
    drop(release);
    in_request(async |id| assert_eq!(hook(plugin, TIMEOUT).await, at(GUESTS, &id))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caller_leaves_a_guest_on_a_worker_at_its_deadline_plug_2() {
    let program = Arc::new(Placed::default());
    leave(&plugin(&program), &program).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn caller_leaves_a_guest_on_the_last_worker_plug_2() {
    let program = Arc::new(Placed::default());
    let plugin = plugin(&program);
    plugin.worker_guests.forget_permits(1);
    leave(&plugin, &program).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn caller_leaves_a_slow_guest_at_its_deadline_plug_2() {
    let program = Arc::new(Placed::default());
    let plugin = plugin(&program);
    plugin.state.lock().pace.slow_down(Instant::now());
    leave(&plugin, &program).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_for_a_permit_leaves_a_guest_its_timeout_plug_2() {
    const LONG: Duration = Duration::from_secs(2);
    let program = Arc::new(Placed::default());
    let plugin = plugin(&program);
    let permit = Arc::clone(&plugin.own_guests).try_acquire_owned().unwrap();
    let release = program.hold();
    let begun = Instant::now();
    let earlier = async {
        tokio::time::sleep(LONG / 4).await;
        drop(permit);
    };
    let (called, ()) = tokio::join!(hook(&plugin, LONG), earlier);
    assert_eq!(called, Err(CallError::Timeout(LONG)));
    let waited = begun.elapsed();
    assert!(waited >= LONG / 4 + LONG, "{waited:?}");
    drop(release);
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_does_not_start_after_its_caller_left_plug_2() {
    let program = Arc::new(Placed::default());
    let plugin = plugin(&program);
    let (release, held) = mpsc::channel::<()>();
    let work = move || -> Ended {
        held.recv_timeout(TIMEOUT).unwrap_err();
        Box::new(|| ())
    };
    plugin.threads.run(work).unwrap();
    let event = Event::new(crate::EventType::USER_LOGIN, "accounts");
    let handle = |timeout| plugin.handle("note".to_owned(), event.clone(), timeout);
    assert_eq!(handle(SHORT).await, Err(CallError::Timeout(SHORT)));
    let pace = plugin.state.lock().pace;
    assert_eq!(pace, Pace::Brief, "the guest was not slow");
    drop(release);
    // The first call keeps its permit until its guest would start.
    assert!(handle(TIMEOUT).await.is_ok());
    assert_eq!(program.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_does_not_start_after_its_caller_was_dropped_plug_2() {
    let program = Arc::new(Placed::default());
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
    let program = Arc::new(Placed::default());
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
    let permit = Arc::clone(&plugin.own_guests).try_acquire_owned().unwrap();
    let busy = Err(CallError::Concurrency("this plugin"));
    assert_eq!(hook(&plugin, SHORT).await, busy);
    drop(permit);
    assert!(hook(&plugin, TIMEOUT).await.is_ok());
    assert!(plugin.is_enabled());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_faults_replace_the_cause_of_a_trial_plug_1() {
    let program = Arc::new(Placed::default());
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
    plugin.state.lock().share.charge(Duration::from_secs(60));
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
    let program = Arc::new(Placed::default());
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
    let program = Arc::new(Placed::default());
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

#[tokio::test(flavor = "multi_thread")]
async fn only_deciding_guests_end_with_their_caller_plug_2() {
    for (point, ends) in [(HookPoint::BeforeBiz, true), (HookPoint::AfterBiz, false)] {
        let program = Arc::new(Placed::default());
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
    let program = Arc::new(Placed::default());
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
        let _permit = Arc::clone(permits).try_acquire_owned().unwrap();
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
