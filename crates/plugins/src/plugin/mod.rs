//! A loaded plugin.

mod call;
mod function;
mod guest_start;
mod last_steps;
mod pace;
mod timers;
mod uses;

use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, Semaphore},
    time::timeout,
};

use last_steps::LastSteps;
use pace::Pace;
pub(crate) use timers::Timers;
pub(crate) use uses::{Use, Uses};

use crate::{
    FailureMode, Manifest, PluginError, PluginFailure, PluginInfo, PluginSettings, PluginStatus,
    folder::FilesHash,
    host::Inner,
    info::PluginMetadata,
    runtime::{CallError, CallLimits, Exports, Program, TICK},
    sandbox::{CpuShare, FAULT_WINDOW, FaultCount, GuestThreads, LogAccess, Permits, Transition},
};

/// One loaded version of a plugin. A reload replaces it.
pub(crate) struct Plugin {
    pub(crate) manifest: Manifest,
    pub(crate) settings: PluginSettings,
    /// The hash of the manifest, the signature and the settings at the load.
    pub(crate) files_hash: FilesHash,
    pub(crate) path: PathBuf,
    pub(crate) config_path: Option<PathBuf>,
    pub(crate) is_signed: bool,
    /// `None` after the last call of this version, so that a long request does not keep its code.
    pub(crate) program: Mutex<Option<Arc<dyn Program>>>,
    pub(crate) exports: Exports,
    pub(crate) limits: CallLimits,
    /// The reaction of the service to a failure of this plugin.
    pub(crate) on_failure: FailureMode,
    /// Limits the concurrent calls of all plugins.
    pub(crate) guests: Permits,
    /// Limits the concurrent calls of all plugins that may wait for responses. `None` if this one
    /// may not.
    pub(crate) waiting_guests: Option<Permits>,
    /// Limits the concurrent calls of all plugins that run on threads for guests: handlers, steps,
    /// and calls of slow plugins. One call for each core remains for brief hooks and decisions.
    pub(crate) thread_guests: Permits,
    /// Limits the concurrent calls of this plugin, so that a plugin that loops or waits does not
    /// delay the others. A call occupies a core, so the default is one for each core, at least 2.
    pub(crate) own_guests: Permits,
    /// Limits the guests of all plugins that occupy a worker of the runtime. One worker remains for
    /// other tasks, so timeouts do not depend on guests. The ticks of the engine keep it awake.
    pub(crate) worker_guests: Arc<Semaphore>,
    /// The threads for guests of all plugins.
    pub(crate) threads: Arc<GuestThreads>,
    /// The budget of lines in the log, also of those about failures that the plugin reports.
    pub(crate) log: Arc<LogAccess>,
    /// The timers of callers.
    pub(crate) timers: Timers,
    pub(crate) state: Mutex<State>,
    /// Whether the plugin was unloaded, or a newer version replaced this one too long ago. Requests
    /// then use the current version.
    pub(crate) is_retired: AtomicBool,
    /// Ends the wait for requests that use this version.
    pub(crate) retirement: Notify,
    /// The tables of hooks and the handlers that have this version.
    pub(crate) uses: Uses,
    /// The running calls.
    pub(crate) calls: Uses,
    pub(crate) observe: Arc<dyn Observe>,
    /// The plugins of the service, which have its dependencies.
    pub(crate) plugins: Weak<Inner>,
}

pub(crate) struct State {
    pub(crate) status: PluginStatus,
    /// Whether the plugin runs if its settings enable it. It is false until the first start, and
    /// after an operator stopped the plugin. A reload does not change it.
    pub(crate) is_active: bool,
    /// Whether newer settings than those of this version disable the plugin.
    pub(crate) is_disabled_by_newer_settings: bool,
    pub(crate) load_time: DateTime<Utc>,
    pub(crate) start_time: Option<DateTime<Utc>>,
    pub(crate) stop_time: Option<DateTime<Utc>>,
    pub(crate) error: Option<PluginFailure>,
    pub(crate) share: CpuShare,
    pub(crate) faults: FaultCount,
    /// The recent duration of calls. They run on threads for guests unless it is brief.
    pub(crate) pace: Pace,
    /// The time of the last call that the CPU share rejected.
    pub(crate) throttled_at: Option<Instant>,
    pub(crate) last_steps: LastSteps,
}

impl State {
    /// Creates the state of a new version, which may use `percent` of a core.
    pub(crate) fn new(percent: u8) -> Self {
        Self {
            status: PluginStatus::Loaded,
            is_active: false,
            is_disabled_by_newer_settings: false,
            load_time: Utc::now(),
            start_time: None,
            stop_time: None,
            error: None,
            share: CpuShare::new(percent, Instant::now()),
            faults: FaultCount::default(),
            pace: Pace::Unknown,
            throttled_at: None,
            last_steps: LastSteps::default(),
        }
    }
}

impl From<&CallError> for PluginFailure {
    fn from(error: &CallError) -> Self {
        Self {
            code: error.code().as_str(),
            message: error.to_string(),
            time: Utc::now(),
        }
    }
}

impl From<&PluginError> for PluginFailure {
    fn from(error: &PluginError) -> Self {
        Self {
            code: error.code().as_str(),
            message: error.describe(),
            time: Utc::now(),
        }
    }
}

/// Records the calls of plugins.
pub(crate) trait Observe: Send + Sync {
    /// Records a call of a function that ended or was rejected.
    fn record_call(
        &self,
        plugin: &Manifest,
        function: &str,
        result: Result<(), &CallError>,
        begun: Instant,
    );
    /// Records that the faults of a plugin disabled it, or that a trial enabled it.
    fn record_transition(
        &self,
        plugin: &Manifest,
        transition: Transition,
        fault: Option<&CallError>,
    );
}

impl Plugin {
    pub(crate) fn name(&self) -> &str {
        &self.manifest.name
    }

    pub(crate) fn info(&self) -> PluginInfo {
        // The dependencies have states of their own, so no lock is held.
        let missing = self.missing_dependency().map(CallError::Dependency);
        let failed_reload = self.plugins.upgrade();
        let failed_reload = failed_reload.and_then(|inner| inner.failure(self.name()));
        let mut state = self.state.lock();
        let now = Instant::now();
        let is_recent = |at: Instant| now.saturating_duration_since(at) <= FAULT_WINDOW;
        let is_missing = missing.is_some() && state.status == PluginStatus::Started;
        // An operator stopped the plugin, so its faults do not matter.
        let is_failed = is_missing || state.faults.is_disabled();
        let status = match is_failed && state.status != PluginStatus::Stopped {
            true => PluginStatus::Error,
            false => state.status,
        };
        let is_current = |failure: &PluginFailure| {
            let age = Utc::now().signed_duration_since(failure.time).to_std();
            status == PluginStatus::Error || age.is_ok_and(|age| age <= FAULT_WINDOW)
        };
        let failure = match &missing {
            Some(missing) if is_missing => Some(PluginFailure::from(missing)),
            _ => state.error.clone().filter(is_current),
        };
        // The service does not call a plugin that is not started, so it has no trial.
        let is_started = state.status == PluginStatus::Started;
        let next_trial = state.faults.next_trial().filter(|_| is_started);
        let left = state.share.left(now).as_millis();
        PluginInfo {
            metadata: PluginMetadata::from(&self.manifest),
            status,
            load_time: Some(state.load_time),
            start_time: state.start_time,
            stop_time: state.stop_time,
            error_code: failure.as_ref().map(|failure| failure.code),
            error_time: failure.as_ref().map(|failure| failure.time),
            error_msg: failure.map(|failure| failure.message),
            next_trial_time: next_trial.map(|at| Utc::now() + at.saturating_duration_since(now)),
            needs_operator: is_started && state.faults.needs_operator(),
            failed_reload,
            throttled: state.throttled_at.is_some_and(is_recent),
            cpu_share_left_ms: u64::try_from(left).unwrap_or(u64::MAX),
            path: self.path.clone(),
            config_path: self.config_path.clone(),
            config_metadata: self.settings.metadata.clone(),
            api: self.manifest.api.as_str().to_owned(),
            sha256: self.manifest.sha256.clone(),
            signed: self.is_signed,
            capabilities: self.manifest.capabilities.clone(),
            hooks: self.manifest.hooks.clone(),
            handlers: self.manifest.handlers.clone(),
            on_failure: Some(self.on_failure),
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

    /// Returns true if the plugin is started, and neither its settings nor its faults disable it.
    pub(crate) fn is_enabled(&self) -> bool {
        self.is_started_unless(FaultCount::is_disabled)
    }

    /// Returns true if the plugin is started, and its next call may run. After the backoff this
    /// call is a trial.
    pub(crate) fn is_callable(&self) -> bool {
        self.is_started_unless(|faults| faults.is_backing_off(Instant::now()))
    }

    /// Returns true if the plugin is started, its settings enable it, and its faults do not disable
    /// it.
    fn is_started_unless(&self, disable: impl FnOnce(&FaultCount) -> bool) -> bool {
        let state = self.state.lock();
        let is_enabled = self.settings.enabled && !state.is_disabled_by_newer_settings;
        state.status == PluginStatus::Started && is_enabled && !disable(&state.faults)
    }

    /// Returns true if its settings enable the plugin.
    pub(crate) fn is_enabled_by_settings(&self) -> bool {
        self.settings.enabled && !self.state.lock().is_disabled_by_newer_settings
    }

    /// Returns true if faults disable the plugin.
    pub(crate) fn is_disabled_by_faults(&self) -> bool {
        self.state.lock().faults.is_disabled()
    }

    /// Returns true if newer settings than its own disable the plugin.
    pub(crate) fn is_disabled_by_newer_settings(&self) -> bool {
        self.settings.enabled && self.state.lock().is_disabled_by_newer_settings
    }

    /// Sets whether newer settings disable the plugin.
    pub(crate) fn set_disabled_by_newer_settings(&self, is_disabled_by_newer_settings: bool) {
        self.state.lock().is_disabled_by_newer_settings = is_disabled_by_newer_settings;
    }

    /// Ends the use of this version by requests that began before its reload or unload. They use
    /// the current version from then on.
    pub(crate) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
        self.set_status(PluginStatus::Stopped);
        self.retirement.notify_one();
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.is_retired.load(Ordering::Relaxed)
    }

    /// Waits until the running calls end, for at most the timeout of a call.
    pub(crate) async fn calls_ended(&self) {
        drop(timeout(self.limits.timeout + TICK, self.calls.ended()).await);
    }

    /// Releases the code. Later calls fail.
    pub(crate) fn release(&self) {
        drop(self.program.lock().take());
    }

    /// Returns the first dependency of a started plugin that is disabled, or that misses a
    /// dependency itself.
    pub(crate) fn missing_dependency(&self) -> Option<String> {
        if self.manifest.dependencies.is_empty() {
            return None;
        }
        self.plugins.upgrade()?.missing_dependency(self)
    }

    pub(crate) fn is_active(&self) -> bool {
        self.state.lock().is_active
    }

    pub(crate) fn set_active(&self, is_active: bool) {
        self.state.lock().is_active = is_active;
    }

    /// Returns true if the plugin is started, or must not be started.
    pub(crate) fn is_settled(&self) -> bool {
        let state = self.state.lock();
        let is_enabled_by_settings = self.settings.enabled && !state.is_disabled_by_newer_settings;
        state.status == PluginStatus::Started || !state.is_active || !is_enabled_by_settings
    }

    pub(crate) fn set_error(&self, error: &PluginError) {
        let mut state = self.state.lock();
        state.status = PluginStatus::Error;
        state.error = Some(error.into());
    }
}

impl fmt::Debug for Plugin {
    // The settings are missing, because they may be secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Plugin")
            .field("name", &self.manifest.name)
            .field("version", &self.manifest.version)
            .finish_non_exhaustive()
    }
}
