use std::{sync::Weak, thread};

use chrono::Utc;
use parking_lot::Mutex;
use seaworthy_core::{RequestContext, ServiceIdentity};
use serde_json::Map;

use super::*;
use crate::{
    FailureMode, HookPoint, Manifest, PluginFileConfig, PluginStatus,
    plugin::{Observe, State},
    runtime::{Exports, HookContext},
    sandbox::{CpuShare, FaultCount, GuestThreads},
};

const MANIFEST: &str = "name = \"guard\"\nversion = \"1.0.0\"\napi = \"0.2.0\"\nsha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n";
/// The name of the threads for guests.
const GUESTS: &str = "plugin-guest";

/// Fails with the name of its thread and the request, after it computed for a time.
#[derive(Debug)]
struct Placed {
    compute: Mutex<Duration>,
}

impl Placed {
    fn place(&self) -> String {
        let compute = *self.compute.lock();
        let begun = ProcessorTime::now();
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

    fn step(&self, _: LifecycleStep, _: &CallLimits) -> Result<Result<(), String>, Fault> {
        Ok(Err(self.place()))
    }

    fn hook(&self, _: &HookInput, _: &CallLimits) -> Result<HookOutcome, Fault> {
        Ok(HookOutcome::Fail(self.place()))
    }

    fn handle(
        &self,
        _: &str,
        _: &Event,
        _: &CallLimits,
    ) -> Result<Result<(), HandlerError>, Fault> {
        Ok(Err(HandlerError::Permanent(self.place())))
    }

    fn decide(&self, _: &Question, _: &CallLimits) -> Result<Decision, Fault> {
        Ok(Decision::Deny(self.place()))
    }
}

struct Unobserved;

impl Observe for Unobserved {
    fn called(&self, _: &Manifest, _: &str, _: Result<(), &Fault>, _: Instant) {}
    fn changed(&self, _: &str, _: Transition, _: Option<&Fault>) {}
}

fn plugin(program: &Arc<Placed>) -> Arc<Plugin> {
    let program: Arc<Placed> = Arc::clone(program);
    Arc::new(Plugin {
        manifest: Manifest::parse("guard", MANIFEST).unwrap(),
        file: PluginFileConfig::default(),
        files_hash: String::new(),
        path: "guard".into(),
        config_path: None,
        is_signed: true,
        program,
        limits: CallLimits {
            timeout: Duration::from_secs(30),
            memory: 0,
            payload: 0,
            host_calls: 0,
            processor_time: Duration::from_secs(30),
        },
        on_failure: FailureMode::Closed,
        guests: Arc::new(Semaphore::new(1)),
        own_guests: Arc::new(Semaphore::new(1)),
        threads: Arc::new(GuestThreads::new(1)),
        state: Mutex::new(State {
            status: PluginStatus::Started,
            is_active: true,
            load_time: Utc::now(),
            start_time: None,
            stop_time: None,
            error: None,
            share: CpuShare::new(100, Instant::now()),
            faults: FaultCount::default(),
            slow_until: None,
        }),
        observe: Arc::new(Unobserved),
        plugins: Weak::new(),
    })
}

async fn hook(plugin: &Arc<Plugin>, timeout: Duration) -> Result<HookOutcome, Fault> {
    let input = HookInput {
        hook: "guard".to_owned(),
        point: HookPoint::BeforeBiz,
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

#[tokio::test(flavor = "multi_thread")]
async fn only_calls_of_slow_plugins_leave_the_thread_of_the_task_plug_2() {
    const TIMEOUT: Duration = Duration::from_secs(20);
    let compute = Mutex::new(Duration::ZERO);
    let program = Arc::new(Placed { compute });
    let plugin = plugin(&program);
    in_request(async |id| {
        let here = thread::current();
        let here = format!("{:?} {:?}", here.name().unwrap_or_default(), Some(&id));
        let there = format!("{GUESTS:?} {:?}", Some(&id));
        let failed = |place: &str| Ok(HookOutcome::Fail(place.to_owned()));
        assert_eq!(hook(&plugin, TIMEOUT).await, failed(&here));
        // This call shows that the plugin is slow.
        *program.compute.lock() = BRIEF * 2;
        assert_eq!(hook(&plugin, TIMEOUT).await, failed(&here));
        *program.compute.lock() = Duration::ZERO;
        assert_eq!(hook(&plugin, TIMEOUT).await, failed(&there));
        // A minute later it counts as brief again.
        plugin.state.lock().slow_until = Some(Instant::now());
        assert_eq!(hook(&plugin, TIMEOUT).await, failed(&here));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_and_steps_leave_the_thread_of_the_task_plug_2() {
    const TIMEOUT: Duration = Duration::from_secs(20);
    let compute = Mutex::new(Duration::ZERO);
    let plugin = plugin(&Arc::new(Placed { compute }));
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
async fn caller_does_not_wait_for_a_thread_that_is_late_plug_2() {
    const TIMEOUT: Duration = Duration::from_millis(20);
    // This guest does not end at its deadline.
    let compute = Mutex::new(Duration::from_secs(2));
    let program = Arc::new(Placed { compute });
    let plugin = plugin(&program);
    plugin.state.lock().slow_until = Some(Instant::now() + SLOW);
    assert_eq!(hook(&plugin, TIMEOUT).await, Err(Fault::Timeout(TIMEOUT)));
    // Its permit is free when it ends.
    *program.compute.lock() = Duration::ZERO;
    assert_eq!(plugin.own_guests.available_permits(), 0);
    let ended = plugin.own_guests.acquire().await;
    assert!(ended.is_ok());
}
