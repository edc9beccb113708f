//! The plugins of a service.

mod calls;
mod change;
mod compile;
mod configuration;
mod dependents;
mod follow;
mod life;
mod observation;
mod order;
mod registration;
mod reload;
mod request_plugins;
mod start;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwap;
pub use calls::{Decision, HookReport};
use observation::Observation;
use parking_lot::Mutex;
pub(crate) use request_plugins::RequestPlugins;
use seaworthy_client::HttpClient;
use seaworthy_config::Profile;
use seaworthy_core::{context, error_chain};
use seaworthy_service::Tasks;
use tokio::sync::Semaphore;

use crate::{
    Event, EventBus, EventType, PluginError, PluginInfo, PluginStatus, PluginsConfig,
    hook::HookTable, plugin::Plugin, runtime::Runtime, sandbox::GuestThreads,
};

/// The maximum concurrent calls of all plugins for each core. There are more calls than cores,
/// because a call may wait for a response.
const MAX_GUESTS_PER_CORE: usize = 4;

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
    pub(crate) tasks: Tasks,
    /// Created at the first load, so that a service without plugins does not create an engine.
    runtime: OnceLock<Result<Arc<dyn Runtime>, String>>,
    /// The clients of the plugins to which the operator grants the capability `http`, by name.
    clients: BTreeMap<String, HttpClient>,
    /// Limits the concurrent calls of all plugins, because each call has its own memory.
    guests: Arc<Semaphore>,
    /// Limits the guests that occupy a worker of the runtime.
    worker_guests: Arc<Semaphore>,
    threads: Arc<GuestThreads>,
    observation: Arc<Observation>,
    loaded: Mutex<BTreeMap<String, Loaded>>,
    /// Serializes loads, starts, stops and reloads.
    changes: Arc<tokio::sync::Mutex<()>>,
}

/// Returns the number of cores that this process may use.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[derive(Debug, Clone)]
struct Loaded {
    plugin: Arc<Plugin>,
    /// The ID of its handlers on the bus.
    handlers: Option<u64>,
}

impl Plugins {
    /// Returns the bus of events that the host and the plugins share.
    #[must_use]
    pub fn events(&self) -> &EventBus {
        &self.0.bus
    }

    /// Returns the states of all loaded plugins, in alphabetical order.
    #[must_use]
    pub fn list(&self) -> Vec<PluginInfo> {
        // The state of a plugin depends on others, so no lock is held.
        let plugins: Vec<Arc<Plugin>> = {
            let loaded = self.0.loaded.lock();
            let plugins = loaded.values().map(|entry| Arc::clone(&entry.plugin));
            plugins.collect()
        };
        plugins.iter().map(|plugin| plugin.info()).collect()
    }

    /// Returns the state of a loaded plugin.
    ///
    /// # Errors
    /// No loaded plugin has this name.
    pub fn get(&self, name: &str) -> Result<PluginInfo, PluginError> {
        self.plugin(name).map(|plugin| plugin.info())
    }

    /// Returns the states of the loaded plugins with a status.
    #[must_use]
    pub fn with_status(&self, status: PluginStatus) -> Vec<PluginInfo> {
        let mut found = self.list();
        found.retain(|info| info.status == status);
        found
    }

    /// Returns the names of the loaded plugins that depend directly on `name`.
    #[must_use]
    pub fn dependents(&self, name: &str) -> Vec<String> {
        let loaded = self.0.loaded.lock();
        let depends = |entry: &&Loaded| {
            let needed = &entry.plugin.manifest.dependencies;
            needed.iter().any(|dependency| dependency == name)
        };
        let dependents = loaded.values().filter(depends);
        dependents
            .map(|entry| entry.plugin.name().to_owned())
            .collect()
    }

    pub(crate) fn plugin(&self, name: &str) -> Result<Arc<Plugin>, PluginError> {
        let loaded = self.0.loaded.lock();
        let entry = loaded.get(name);
        entry
            .map(|entry| Arc::clone(&entry.plugin))
            .ok_or_else(|| PluginError::not_found(name))
    }

    /// Publishes an event about a plugin, with its version and hash.
    fn announce(&self, kind: EventType, plugin: &str) {
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
        self.publish(event);
    }

    /// Publishes that a plugin cannot be loaded or started, or that the whole folder cannot be
    /// read.
    fn announce_failure(&self, plugin: Option<&str>, error: &PluginError) {
        let mut event = Event::new(EventType::PLUGIN_ERROR, SOURCE)
            .with_data("problem", error_chain(error).to_string())
            .with_data("code", error.code().as_str());
        if let Some(plugin) = plugin {
            event = event.with_data("plugin", plugin);
        }
        self.publish(event);
    }

    /// Publishes an event with the actor of the current request.
    fn publish(&self, mut event: Event) {
        let context = context::current();
        if let Some(actor) = context.as_ref().and_then(|context| context.actor()) {
            event = event.with_data("actor", actor.as_str());
        }
        if let Err(error) = self.0.bus.publish_async(event) {
            tracing::warn!(problem = %error, "an event of a plugin was dropped");
        }
    }
}
