use std::{
    sync::{
        Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use parking_lot::Mutex;
use seaworthy_core::{RequestContext, ServiceIdentity};
use seaworthy_telemetry::metrics::Counter;
use serde_json::Map;
use tokio::sync::{Notify, Semaphore};

use super::*;
use crate::{
    Capability, FailureMode, HookPoint, Manifest, PluginSettings, PluginStatus,
    folder::FilesHash,
    plugin::{Observe, State, Timers, Uses},
    runtime::{Caller, Exports, HookContext},
    sandbox::{GuestThreads, LogAccess, Permits},
};

mod admission;
mod deadlines;
mod threads;

const MANIFEST: &str = "name = \"guard\"\nversion = \"1.0.0\"\napi = \"0.2.0\"\nsha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n";
/// The name of the threads for guests.
const GUESTS: &str = "plugin-guest";
/// Far longer than a guest needs on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Fails with the name of its thread and the request, after it computed for a time.
#[derive(Debug, Default)]
struct ThreadProgram {
    compute: Mutex<Duration>,
    /// The next call runs until its sender is dropped, like a guest without branches.
    held: Mutex<Option<mpsc::Receiver<()>>>,
    /// The error of the next hook.
    error: Mutex<Option<CallError>>,
    /// The caller of the last hook.
    caller: Mutex<Caller>,
    calls: AtomicUsize,
}

impl ThreadProgram {
    /// Makes the next call run until the drop of the result. A message makes it panic.
    fn hold(&self) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel();
        *self.held.lock() = Some(held);
        release
    }

    fn report_thread(&self) -> String {
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

impl Program for ThreadProgram {
    fn exports(&self) -> Exports {
        Exports {
            hooks: true,
            events: true,
            policy: false,
        }
    }

    fn step(&self, _: LifecycleStep, _: &CallLimits) -> Result<Result<(), String>, CallError> {
        Ok(Err(self.report_thread()))
    }

    fn hook(&self, _: &HookInput, limits: &CallLimits) -> Result<HookOutcome, CallError> {
        *self.caller.lock() = limits.caller.clone();
        if let Some(error) = self.error.lock().take() {
            return Err(error);
        }
        Ok(HookOutcome::Fail(self.report_thread()))
    }

    fn handle(
        &self,
        _: &str,
        _: &Event,
        _: &CallLimits,
    ) -> Result<Result<(), HandlerError>, CallError> {
        Ok(Err(HandlerError::Permanent(self.report_thread())))
    }

    fn decide(&self, _: &Question, _: &CallLimits) -> Result<Decision, CallError> {
        Ok(Decision::Deny(self.report_thread()))
    }
}

struct Unobserved;

impl Observe for Unobserved {
    fn record_call(&self, _: &Manifest, _: &str, _: Result<(), &CallError>, _: Instant) {}
    fn record_transition(&self, _: &Manifest, _: Transition, _: Option<&CallError>) {}
}

fn plugin(program: &Arc<ThreadProgram>) -> Arc<Plugin> {
    plugin_with(program, "")
}

/// Returns a plugin with further lines of its manifest.
fn plugin_with(program: &Arc<ThreadProgram>, more: &str) -> Arc<Plugin> {
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
        guests: Permits::new(1),
        waiting_guests: may_wait.then(|| Permits::new(1)),
        thread_guests: Permits::new(1),
        own_guests: Permits::new(1),
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
    plugin.hook(input, timeout, CallOrigin::Authenticated).await
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

/// A timeout within which a guest starts, even on a loaded machine.
const SHORT: Duration = Duration::from_millis(200);
