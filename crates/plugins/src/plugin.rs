//! A loaded plugin.

use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant as TokioInstant, timeout_at},
};

use crate::{
    FailureMode, Manifest, PluginFileConfig, PluginInfo, PluginStatus,
    info::Metadata,
    runtime::{Answer, CallLimits, Fault, GuestCall, Program},
    sandbox::{CpuShare, FaultCount, ProcessorTime, Transition},
};

/// A loaded plugin. A reload replaces it by another one.
pub(crate) struct Plugin {
    pub(crate) manifest: Manifest,
    pub(crate) file: PluginFileConfig,
    pub(crate) path: PathBuf,
    pub(crate) config_path: Option<PathBuf>,
    pub(crate) is_signed: bool,
    pub(crate) program: Arc<dyn Program>,
    pub(crate) limits: CallLimits,
    /// What happens to a call if the plugin fails.
    pub(crate) on_failure: FailureMode,
    /// Limits the concurrent calls of all plugins.
    pub(crate) guests: Arc<Semaphore>,
    /// Limits the concurrent calls of this plugin, so that a plugin that loops or waits does not
    /// delay the others. A call occupies a core, so more calls than cores only wait.
    pub(crate) own_guests: Arc<Semaphore>,
    pub(crate) state: Mutex<State>,
    pub(crate) observe: Arc<dyn Observe>,
}

pub(crate) struct State {
    pub(crate) status: PluginStatus,
    /// Whether the plugin runs if its settings enable it. False until the first start, and after
    /// an operator stopped it. A reload keeps it.
    pub(crate) is_active: bool,
    pub(crate) load_time: DateTime<Utc>,
    pub(crate) start_time: Option<DateTime<Utc>>,
    pub(crate) stop_time: Option<DateTime<Utc>>,
    pub(crate) error: Option<String>,
    pub(crate) share: CpuShare,
    pub(crate) faults: FaultCount,
}

/// Sees the calls of plugins.
pub(crate) trait Observe: Send + Sync {
    /// A call of a function ended, or was rejected.
    fn called(&self, plugin: &Manifest, function: &str, result: Result<(), &Fault>, begun: Instant);
    fn changed(&self, plugin: &str, transition: Transition, fault: Option<&Fault>);
}

impl Plugin {
    pub(crate) fn name(&self) -> &str {
        &self.manifest.name
    }

    /// Calls the component, within `timeout` and the limits of the plugin.
    ///
    /// On a runtime with several threads the call takes the place of the current task's thread.
    /// Otherwise it runs on a thread for blocking work.
    pub(crate) async fn call(
        self: &Arc<Self>,
        call: GuestCall,
        timeout: Duration,
    ) -> Result<Answer, Fault> {
        let begun = Instant::now();
        let function = call.function();
        let result = self.admit_and_run(call, timeout, begun).await;
        let seen = result.as_ref().map(drop);
        self.observe.called(&self.manifest, function, seen, begun);
        result
    }

    async fn admit_and_run(
        self: &Arc<Self>,
        call: GuestCall,
        timeout: Duration,
        begun: Instant,
    ) -> Result<Answer, Fault> {
        let admission = self.admit(begun)?;
        let limits = CallLimits {
            timeout: timeout.min(self.limits.timeout),
            ..self.limits
        };
        // Time in the queue counts, so that waiting calls cannot pile up without end.
        let deadline = TokioInstant::now() + limits.timeout;
        let own = permit(&self.own_guests, deadline, "this plugin").await?;
        let shared = permit(&self.guests, deadline, "all plugins").await?;
        let permits = (own, shared);
        // Calls before this one in the queue may have used the share.
        if !self.state.lock().share.may_run(Instant::now()) {
            return Err(Fault::Throttled);
        }
        admission.used();
        match Handle::current().runtime_flavor() {
            RuntimeFlavor::CurrentThread => {
                let plugin = Arc::clone(self);
                let guest = tokio::task::spawn_blocking(move || {
                    let result = plugin.run(&call, &limits);
                    drop(permits);
                    result
                });
                let lost = |_| Err(Fault::Trap("the thread of the call ended".to_owned()));
                guest.await.unwrap_or_else(lost)
            }
            _ => {
                let result = tokio::task::block_in_place(|| self.run(&call, &limits));
                drop(permits);
                result
            }
        }
    }

    fn admit(&self, now: Instant) -> Result<Admission<'_>, Fault> {
        let mut state = self.state.lock();
        if !state.faults.may_run(now) {
            return Err(Fault::Disabled);
        }
        if !state.share.may_run(now) {
            state.faults.abandon_trial(now);
            return Err(Fault::Throttled);
        }
        Ok(Admission(Some(self)))
    }

    /// Runs the call on this thread, and counts its time and its faults even if its caller is gone.
    fn run(&self, call: &GuestCall, limits: &CallLimits) -> Result<Answer, Fault> {
        let begun = ProcessorTime::now();
        let result = self.program.call(call, limits);
        let used = begun.elapsed();
        let transition = {
            let now = Instant::now();
            let mut state = self.state.lock();
            state.share.charge(used);
            let transition = match &result {
                Err(fault) if fault.counts() => state.faults.fail(now),
                Err(_) => {
                    state.faults.abandon_trial(now);
                    Transition::None
                }
                Ok(_) => state.faults.succeed(),
            };
            match (&result, transition) {
                (Err(fault), _) => state.error = Some(fault.to_string()),
                (Ok(_), Transition::Enabled) => state.error = None,
                _ => {}
            }
            transition
        };
        if transition != Transition::None {
            let fault = result.as_ref().err();
            self.observe.changed(self.name(), transition, fault);
        }
        result
    }

    pub(crate) fn info(&self) -> PluginInfo {
        let state = self.state.lock();
        let is_disabled = state.faults.is_disabled();
        PluginInfo {
            metadata: Metadata::from(&self.manifest),
            status: match is_disabled {
                true => PluginStatus::Error,
                false => state.status,
            },
            load_time: state.load_time,
            start_time: state.start_time,
            stop_time: state.stop_time,
            error_msg: state.error.clone(),
            path: self.path.clone(),
            config_path: self.config_path.clone(),
            api: self.manifest.api.as_str().to_owned(),
            sha256: self.manifest.sha256.clone(),
            signed: self.is_signed,
        }
    }

    pub(crate) fn status(&self) -> PluginStatus {
        self.state.lock().status
    }

    pub(crate) fn set_status(&self, status: PluginStatus) {
        let mut state = self.state.lock();
        state.status = status;
        match status {
            PluginStatus::Started => state.start_time = Some(Utc::now()),
            PluginStatus::Stopped => state.stop_time = Some(Utc::now()),
            _ => {}
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.state.lock().is_active
    }

    pub(crate) fn set_active(&self, is_active: bool) {
        self.state.lock().is_active = is_active;
    }

    pub(crate) fn set_error(&self, problem: String) {
        let mut state = self.state.lock();
        state.status = PluginStatus::Error;
        state.error = Some(problem);
    }
}

/// Waits for a permit until a deadline. `whose` names the calls that the semaphore limits.
///
/// # Errors
/// No permit is free in time.
async fn permit(
    semaphore: &Arc<Semaphore>,
    deadline: TokioInstant,
    whose: &'static str,
) -> Result<OwnedSemaphorePermit, Fault> {
    let permit = Arc::clone(semaphore).acquire_owned();
    match timeout_at(deadline, permit).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(Fault::Concurrency(whose)),
    }
}

/// A call that may run. If it does not run, because its caller is gone, the next call is the trial
/// of a disabled plugin.
struct Admission<'a>(Option<&'a Plugin>);

impl Admission<'_> {
    /// The call runs.
    fn used(mut self) {
        self.0 = None;
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if let Some(plugin) = self.0 {
            plugin.state.lock().faults.abandon_trial(Instant::now());
        }
    }
}

impl fmt::Debug for Plugin {
    // Without the settings, which may be secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Plugin")
            .field("name", &self.manifest.name)
            .field("version", &self.manifest.version)
            .finish_non_exhaustive()
    }
}
