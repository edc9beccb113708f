//! The host of the plugins of a service.
//!
//! | Files | Contents |
//! | --- | --- |
//! | `startup`, `shutdown`, `required_plugins` | Start and stop with the service |
//! | `lifecycle`, `folder_order`, `dependencies` | Load, start, stop and unload |
//! | `compile`, `wasm_runtime`, `grants`, `required_functions` | Check and compile a version |
//! | `reload`, `retire`, `registration`, `detached_versions` | Replace a version |
//! | `follow_folder`, `follow_enabled`, `follow_settings`, `missing_folders` | Changed files |
//! | `update_settings`, `running_updates` | Settings that the service changes |
//! | `hooks`, `active_points`, `hook_calls`, `after_hooks`, `decide`, `around_call` | Calls |
//! | `request_plugins` | The hooks and values of a request |
//! | `failures`, `failure_policy`, `dependents`, `health` | Failed plugins |
//! | `locks`, `locked_change` | Operations that exclude each other |
//! | `telemetry` | Metrics, spans, logs and events |

mod active_points;
mod after_hooks;
mod around_call;
mod compile;
mod decide;
mod dependencies;
mod dependents;
mod detached_versions;
mod failure_policy;
mod failures;
mod folder_order;
mod follow_enabled;
mod follow_folder;
mod follow_settings;
mod grants;
mod health;
mod hook_calls;
mod hooks;
mod lifecycle;
mod locked_change;
mod locks;
mod missing_folders;
mod registration;
mod reload;
mod request_plugins;
mod required_functions;
mod required_plugins;
mod retire;
mod running_updates;
mod shutdown;
mod startup;
mod telemetry;
mod update_settings;
mod wasm_runtime;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock, Weak, atomic::AtomicBool},
    time::Duration,
};

use active_points::ActivePoints;
pub(crate) use after_hooks::Unfinished;
use arc_swap::ArcSwap;
pub use decide::Decision;
use detached_versions::Detached;
pub(crate) use failure_policy::UNAVAILABLE;
pub(crate) use hook_calls::HookCaller;
pub use hooks::HookReport;
use locks::PluginLocks;
use parking_lot::Mutex;
use request_plugins::BeforePlugins;
pub(crate) use request_plugins::RequestPlugins;
use required_functions::RequiredFunctions;
use running_updates::Updates;
use seaworthy_client::HttpClient;
use seaworthy_config::Profile;
use seaworthy_core::{Switch, context, error_chain};
use seaworthy_service::Tasks;
use seaworthy_telemetry::metrics::GaugeGuard;
use telemetry::Observation;
use tokio::{sync::Semaphore, time::Instant};

use crate::{
    Event, EventBus, EventType, PluginError, PluginFailure, PluginInfo, PluginStatus,
    PluginsConfig, SubscriptionId,
    hook::HookTable,
    middleware::AddressLimit,
    plugin::Plugin,
    runtime::Runtime,
    sandbox::{GuestThreads, Permits},
};

/// The maximum number of concurrent calls of all plugins for each core. There are more calls than
/// cores, because a call may wait for a response.
const MAX_GUESTS_PER_CORE: usize = 4;

/// As [`MAX_GUESTS_PER_CORE`], for handlers and for plugins that are slow or may wait for
/// responses. One call for each core remains for brief hooks, because one hook runs on each core.
const MAX_THREAD_GUESTS_PER_CORE: usize = MAX_GUESTS_PER_CORE - 1;

/// As [`MAX_THREAD_GUESTS_PER_CORE`], for plugins that may wait for responses. One call for each
/// core remains for handlers and slow plugins.
const MAX_WAITING_GUESTS_PER_CORE: usize = MAX_THREAD_GUESTS_PER_CORE - 1;

/// The source of the events that this crate publishes.
const SOURCE: &str = "plugins";

/// The plugins of a service.
///
/// Each plugin has a folder with `plugin.toml`, `plugin.wasm` and `plugin.sig`. Clones share all
/// plugins. [`Plugins::start`] creates this value.
#[derive(Debug, Clone)]
pub struct Plugins(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: PluginsConfig,
    pub(crate) profile: Profile,
    pub(crate) bus: EventBus,
    pub(crate) hooks: ArcSwap<HookTable>,
    /// The points at which calls may have an effect.
    active: ActivePoints,
    /// The hooks of all requests while plugins are off. There are none, so no hook sets a value.
    without_plugins: Arc<RequestPlugins>,
    /// The first start of a plugin, or the start of the service if plugins are required. Calls of
    /// plugins have no effect until then.
    in_use_since: OnceLock<Instant>,
    /// The snapshot of requests that call plugins earlier.
    before_plugins: Arc<BeforePlugins>,
    /// The switch that turns the hooks, decisions and handlers of plugins off.
    switch: Switch,
    pub(crate) tasks: Tasks,
    /// The maximum time of tasks after the service requested its stop. The service aborts tasks
    /// that run longer, and then its stop is not clean.
    stop_timeout: Duration,
    /// The maximum time of the last steps of all plugins.
    shutdown_timeout: Duration,
    /// Created at the first load, so that a service without plugins does not create an engine.
    runtime: OnceLock<Result<Arc<dyn Runtime>, String>>,
    /// The clients of the plugins to which the operator grants the capability `http`, by name.
    clients: BTreeMap<String, HttpClient>,
    /// Limits the concurrent calls of all plugins, because each call has its own memory.
    guests: Permits,
    /// Limits the concurrent calls of all plugins with the capability `http`.
    waiting_guests: Permits,
    /// Limits the concurrent calls of all plugins that run on threads for guests.
    thread_guests: Permits,
    /// Limits the guests that occupy a worker of the runtime.
    worker_guests: Arc<Semaphore>,
    threads: Arc<GuestThreads>,
    /// Limits the tasks of hooks after work.
    after_tasks: Permits,
    observation: Arc<Observation>,
    loaded: Mutex<BTreeMap<String, Loaded>>,
    detached: Detached,
    /// The compiled version whose `initialize` runs. `loads` serializes them.
    initializing: Mutex<Option<Arc<Plugin>>>,
    /// The failures of loads and reloads that no later one replaced, by the name of the plugin.
    failures: Mutex<BTreeMap<String, PluginFailure>>,
    /// Serializes loads and reloads. A compilation holds it for up to its timeout.
    loads: Arc<tokio::sync::Mutex<()>>,
    /// Serializes the changes of each loaded plugin. An operator can thus stop a plugin while a
    /// step of another one runs for long. Loads and reloads take the lock of the plugin after
    /// `loads`, when the new version is initialized. A reload releases it during `start` and `stop`
    /// of the new version. A stop thus does not wait for a compilation, and not for the new
    /// version.
    changes: PluginLocks,
    updates: Updates,
    pub(crate) address_limit: AddressLimit,
    /// Whether requests and decisions fail while a plugin of `plugins.required` is not started.
    is_served: AtomicBool,
    /// Whether the service asks the plugins with the interface `policy`.
    asks_policies: AtomicBool,
    required_functions: RequiredFunctions,
    /// One thread with a low priority, so that compilations leave the cores to requests.
    compiler: GuestThreads,
}

/// Returns the number of cores that this process may use.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[derive(Debug)]
struct Loaded {
    plugin: Arc<Plugin>,
    /// The ID of its handlers on the bus.
    handlers: Option<SubscriptionId>,
    /// Counts the version in the metric of started versions while it is started.
    started: Option<GaugeGuard>,
    /// Whether an unload runs. Other plugins may not depend on the plugin then.
    is_unloading: bool,
    /// The earlier versions that open requests may still use.
    replaced: Vec<Weak<Plugin>>,
}

impl Plugins {
    /// Returns the bus of events that the host and the plugins share.
    #[must_use]
    pub fn events(&self) -> &EventBus {
        &self.0.bus
    }

    /// Returns the states of all loaded plugins, of the one that is being initialized, and of those
    /// that cannot be loaded, in alphabetical order.
    #[must_use]
    pub fn list(&self) -> Vec<PluginInfo> {
        let mut found = self.list_unloaded();
        found.extend(self.loaded().iter().map(|plugin| plugin.info()));
        found.sort_by(|one, other| one.metadata.name.cmp(&other.metadata.name));
        found
    }

    /// Returns the state of a plugin that is loaded, is being initialized, or cannot be loaded.
    ///
    /// # Errors
    /// No such plugin has this name.
    pub fn get(&self, name: &str) -> Result<PluginInfo, PluginError> {
        match self.plugin(name) {
            Ok(plugin) => Ok(plugin.info()),
            Err(error) => self.get_unloaded(name).ok_or(error),
        }
    }

    /// Returns the status of a plugin: [`PluginStatus::Unloaded`] if [`get`](Self::get) does not
    /// find it.
    #[must_use]
    pub fn status(&self, name: &str) -> PluginStatus {
        self.get(name)
            .map_or(PluginStatus::Unloaded, |info| info.status)
    }

    /// Returns the loaded plugins in alphabetical order. The state of a plugin depends on others,
    /// so no lock is held.
    fn loaded(&self) -> Vec<Arc<Plugin>> {
        let loaded = self.0.loaded.lock();
        let plugins = loaded.values().map(|entry| Arc::clone(&entry.plugin));
        plugins.collect()
    }

    /// Returns the states of the plugins with a status.
    #[must_use]
    pub fn list_by_status(&self, status: PluginStatus) -> Vec<PluginInfo> {
        let mut found = self.list();
        found.retain(|info| info.status == status);
        found
    }

    /// Returns the names of the loaded plugins that depend directly on `name`.
    #[must_use]
    pub fn dependents(&self, name: &str) -> Vec<String> {
        let loaded = self.0.loaded.lock();
        let dependents = dependencies::dependents(&loaded, name);
        dependents.map(|plugin| plugin.name().to_owned()).collect()
    }

    /// Returns true if this version of a plugin is loaded. A newer one may have replaced it.
    pub(crate) fn is_loaded(&self, plugin: &Plugin) -> bool {
        let loaded = self.plugin(plugin.name());
        loaded.is_ok_and(|loaded| std::ptr::eq(&raw const *loaded, plugin))
    }

    pub(crate) fn plugin(&self, name: &str) -> Result<Arc<Plugin>, PluginError> {
        let loaded = self.0.loaded.lock();
        let entry = loaded.get(name);
        entry
            .map(|entry| Arc::clone(&entry.plugin))
            .ok_or_else(|| PluginError::not_found(name))
    }

    /// Publishes an event about a change of a plugin, with the actor of the current request.
    fn announce(&self, kind: EventType, plugin: &str) {
        self.publish(self.plugin_event(kind, plugin));
    }

    /// Returns an event about a plugin, with its version and hash.
    fn plugin_event(&self, kind: EventType, plugin: &str) -> Event {
        let mut event = Event::new(kind, SOURCE).with_data("plugin", plugin);
        if let Ok(info) = self.get(plugin) {
            event = event
                .with_data("version", info.metadata.version)
                .with_data("sha256", info.sha256);
            if let Some(problem) = info.error_msg {
                event = event.with_data("problem", problem);
            }
            if let Some(code) = info.error_code {
                event = event.with_data("code", code);
            }
        }
        event
    }

    /// Publishes an event with the actor of the current request.
    fn publish(&self, mut event: Event) {
        let context = context::current();
        if let Some(actor) = context.as_ref().and_then(|context| context.actor()) {
            event = event.with_data("actor", actor.as_str());
        }
        self.publish_without_actor(event);
    }

    /// Publishes an event about a change that no actor requested. The request of any user may
    /// cause it.
    fn publish_without_actor(&self, event: Event) {
        if let Err(error) = self.0.bus.publish_async(event) {
            self.0.observation.record_dropped_event();
            tracing::warn!(problem = %error_chain(&error), "an event of a plugin was dropped");
        }
    }
}

#[cfg(test)]
mod tests;
