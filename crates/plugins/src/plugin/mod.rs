//! A loaded plugin.

mod call;
mod function;
mod guest_start;
mod timers;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Weak},
    time::Instant,
};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

pub(crate) use timers::Timers;

use crate::{
    FailureMode, Manifest, PluginError, PluginErrorCode, PluginFileConfig, PluginInfo,
    PluginStatus,
    info::Metadata,
    plugins::Inner,
    runtime::{CallLimits, Fault, Program},
    sandbox::{CpuShare, FaultCount, GuestThreads, Transition},
};

/// One loaded version of a plugin. A reload replaces it.
pub(crate) struct Plugin {
    pub(crate) manifest: Manifest,
    pub(crate) file: PluginFileConfig,
    /// The hash of the manifest, the signature and the settings at the load.
    pub(crate) files_hash: String,
    pub(crate) path: PathBuf,
    pub(crate) config_path: Option<PathBuf>,
    pub(crate) is_signed: bool,
    pub(crate) program: Arc<dyn Program>,
    pub(crate) limits: CallLimits,
    /// The reaction of the service to a failure of this plugin.
    pub(crate) on_failure: FailureMode,
    /// Limits the concurrent calls of all plugins.
    pub(crate) guests: Arc<Semaphore>,
    /// Limits the concurrent calls of this plugin, so that a plugin that loops or waits does not
    /// delay the others. A call occupies a core, so there are as many permits as cores.
    pub(crate) own_guests: Arc<Semaphore>,
    /// Limits the guests of all plugins that occupy a worker of the runtime. One worker remains for
    /// other tasks, so timeouts do not depend on guests. The ticks of the engine keep it awake.
    pub(crate) worker_guests: Arc<Semaphore>,
    /// The threads for guests of all plugins.
    pub(crate) threads: Arc<GuestThreads>,
    /// The timers of callers.
    pub(crate) timers: Timers,
    pub(crate) state: Mutex<State>,
    pub(crate) observe: Arc<dyn Observe>,
    /// The plugins of the service, which have its dependencies.
    pub(crate) plugins: Weak<Inner>,
}

pub(crate) struct State {
    pub(crate) status: PluginStatus,
    /// Whether the plugin runs if its settings enable it. It is false until the first start, and
    /// after an operator stopped the plugin. A reload does not change it.
    pub(crate) is_active: bool,
    pub(crate) load_time: DateTime<Utc>,
    pub(crate) start_time: Option<DateTime<Utc>>,
    pub(crate) stop_time: Option<DateTime<Utc>>,
    pub(crate) error: Option<Failure>,
    pub(crate) share: CpuShare,
    pub(crate) faults: FaultCount,
    /// The time until which calls run on threads for guests, because one of them was not brief.
    pub(crate) slow_until: Option<Instant>,
}

/// A failure of a plugin, for operators.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: PluginErrorCode,
    pub(crate) problem: String,
}

impl From<&Fault> for Failure {
    fn from(fault: &Fault) -> Self {
        Self {
            code: fault.code(),
            problem: fault.to_string(),
        }
    }
}

/// Records the calls of plugins.
pub(crate) trait Observe: Send + Sync {
    /// Records a call of a function that ended or was rejected.
    fn called(&self, plugin: &Manifest, function: &str, result: Result<(), &Fault>, begun: Instant);
    /// Records that the faults of a plugin disabled it, or that a trial enabled it.
    fn changed(&self, plugin: &Manifest, transition: Transition, fault: Option<&Fault>);
}

impl Plugin {
    pub(crate) fn name(&self) -> &str {
        &self.manifest.name
    }

    pub(crate) fn info(&self) -> PluginInfo {
        // The dependencies have states of their own, so no lock is held.
        let missing = self.missing_dependency().map(Fault::Dependency);
        let state = self.state.lock();
        let is_missing = missing.is_some() && state.status == PluginStatus::Started;
        let failure = match &missing {
            Some(missing) if is_missing => Some(Failure::from(missing)),
            _ => state.error.clone(),
        };
        PluginInfo {
            metadata: Metadata::from(&self.manifest),
            status: match is_missing || state.faults.is_disabled() {
                true => PluginStatus::Error,
                false => state.status,
            },
            load_time: state.load_time,
            start_time: state.start_time,
            stop_time: state.stop_time,
            error_code: failure.as_ref().map(|failure| failure.code.as_str()),
            error_msg: failure.map(|failure| failure.problem),
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

    /// Whether neither its settings nor its faults disable the plugin.
    pub(crate) fn is_enabled(&self) -> bool {
        self.file.enabled && !self.state.lock().faults.is_disabled()
    }

    /// Returns the first dependency that is disabled, or that misses a dependency itself.
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

    /// Whether the plugin is started, or must not be started.
    pub(crate) fn is_settled(&self) -> bool {
        let state = self.state.lock();
        state.status == PluginStatus::Started || !state.is_active || !self.file.enabled
    }

    pub(crate) fn set_error(&self, error: &PluginError) {
        let mut state = self.state.lock();
        state.status = PluginStatus::Error;
        state.error = Some(Failure {
            code: error.code(),
            problem: error.to_string(),
        });
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
