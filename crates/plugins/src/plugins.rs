//! The plugins of a service.

mod calls;
mod observation;
mod reload;
mod start;

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use arc_swap::ArcSwap;
pub use calls::{Decision, HookReport};
use chrono::Utc;
use observation::Observation;
use parking_lot::Mutex;
use seaworthy_client::HttpClient;
use seaworthy_config::Profile;
use seaworthy_service::Tasks;
use tokio::{runtime::Handle, sync::Semaphore};

use crate::{
    Capability, Event, EventBus, EventType, PluginError, PluginErrorCode, PluginInfo, PluginStatus,
    PluginsConfig,
    event::HandlerError,
    folder::{Found, read_config, read_plugin},
    hook::HookTable,
    plugin::{Plugin, State},
    runtime::{Answer, CallLimits, GuestCall, Imports, LifecycleStep, Runtime, Verdict},
    sandbox::{CpuShare, FaultCount, HttpAccess, KeyValueStore},
};

/// The source of events of plugins.
const SOURCE: &str = "plugins";

/// The plugins of a service.
///
/// Each plugin is a folder with `plugin.toml`, `plugin.wasm` and `plugin.sig`. Clones share all
/// plugins.
#[derive(Debug, Clone)]
pub struct Plugins(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: PluginsConfig,
    pub(crate) profile: Profile,
    pub(crate) bus: EventBus,
    pub(crate) hooks: ArcSwap<HookTable>,
    pub(crate) tasks: Tasks,
    runtime: Arc<dyn Runtime>,
    client: HttpClient,
    guests: Arc<Semaphore>,
    observation: Arc<Observation>,
    loaded: Mutex<BTreeMap<String, Loaded>>,
    /// Serializes changes, so that two of them do not load one plugin twice.
    changes: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Loaded {
    plugin: Arc<Plugin>,
    /// The numbers of its handlers on the bus.
    handlers: Vec<u64>,
}

impl Plugins {
    /// Returns the bus of events that the host and the plugins share.
    #[must_use]
    pub fn events(&self) -> &EventBus {
        &self.0.bus
    }

    /// Returns the states of all plugins, by name.
    #[must_use]
    pub fn list(&self) -> Vec<PluginInfo> {
        let loaded = self.0.loaded.lock();
        loaded.values().map(|entry| entry.plugin.info()).collect()
    }

    /// Returns the state of a plugin.
    ///
    /// # Errors
    /// No plugin has this name.
    pub fn get(&self, name: &str) -> Result<PluginInfo, PluginError> {
        self.plugin(name).map(|plugin| plugin.info())
    }

    /// Returns the plugins with a status.
    #[must_use]
    pub fn with_status(&self, status: PluginStatus) -> Vec<PluginInfo> {
        let mut found = self.list();
        found.retain(|info| info.status == status);
        found
    }

    /// Returns the loaded plugins that depend on `name`.
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

    /// Loads a plugin of the folder and lets it check its settings.
    ///
    /// # Errors
    /// The plugin is loaded already, its files cannot be used, a dependency is missing, or it
    /// refuses its settings.
    pub async fn load(&self, name: &str) -> Result<PluginInfo, PluginError> {
        let _change = self.0.changes.lock().await;
        self.load_locked(name).await
    }

    async fn load_locked(&self, name: &str) -> Result<PluginInfo, PluginError> {
        if self.plugin(name).is_ok() {
            let problem = "is loaded already: unload it first";
            return Err(PluginError::new(
                PluginErrorCode::AlreadyExists,
                name,
                problem,
            ));
        }
        let plugin = self.prepare(name).await?;
        self.check_dependencies(&plugin)?;
        let info = plugin.info();
        let entry = Loaded {
            plugin,
            handlers: Vec::new(),
        };
        self.0.loaded.lock().insert(name.to_owned(), entry);
        self.announce(EventType::PLUGIN_LOADED, name);
        Ok(info)
    }

    /// Reads, compiles and initializes a plugin beside the one that is loaded.
    async fn prepare(&self, name: &str) -> Result<Arc<Plugin>, PluginError> {
        if !crate::manifest::is_name(name) {
            return Err(PluginError::not_found(name));
        }
        let (inner, owned) = (Arc::clone(&self.0), name.to_owned());
        let handle = Handle::current();
        let compiled = tokio::task::spawn_blocking(move || inner.compile(&owned, handle)).await;
        let plugin = compiled.map_err(|error| {
            PluginError::new(PluginErrorCode::LoadFailed, name, "could not be compiled")
                .because(error)
        })??;
        step(&plugin, LifecycleStep::Initialize, PluginErrorCode::Config).await?;
        plugin.set_status(PluginStatus::Initialized);
        Ok(plugin)
    }

    fn check_dependencies(&self, plugin: &Plugin) -> Result<(), PluginError> {
        for dependency in &plugin.manifest.dependencies {
            if self.plugin(dependency).is_err() {
                return Err(PluginError::new(
                    PluginErrorCode::Dependency,
                    plugin.name(),
                    format!("depends on \"{dependency}\", which is not loaded"),
                ));
            }
        }
        Ok(())
    }

    /// Starts a loaded plugin: its hooks and handlers are called from now on.
    ///
    /// # Errors
    /// The plugin is not loaded, is switched off in its settings, depends on a plugin that is not
    /// started, or refuses to start.
    pub async fn start_plugin(&self, name: &str) -> Result<(), PluginError> {
        let _change = self.0.changes.lock().await;
        self.start_locked(name).await
    }

    async fn start_locked(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        if plugin.status() == PluginStatus::Started {
            return Ok(());
        }
        if !plugin.file.enabled {
            let problem = "is switched off: set `enabled: true` in its settings";
            return Err(PluginError::new(
                PluginErrorCode::StartFailed,
                name,
                problem,
            ));
        }
        for dependency in &plugin.manifest.dependencies {
            if self.plugin(dependency)?.status() != PluginStatus::Started {
                return Err(PluginError::new(
                    PluginErrorCode::Dependency,
                    name,
                    format!("depends on \"{dependency}\", which is not started"),
                ));
            }
        }
        if let Err(error) = step(&plugin, LifecycleStep::Start, PluginErrorCode::StartFailed).await
        {
            plugin.set_error(error.to_string());
            self.announce(EventType::PLUGIN_ERROR, name);
            return Err(error);
        }
        plugin.set_status(PluginStatus::Started);
        self.register(&plugin);
        self.announce(EventType::PLUGIN_STARTED, name);
        tracing::info!(plugin = name, version = %plugin.manifest.version, "plugin started");
        Ok(())
    }

    /// Stops a plugin: its hooks and handlers are not called. Calls that run end as they would.
    ///
    /// # Errors
    /// The plugin is not loaded, another started plugin depends on it, or it refuses to stop. It is
    /// stopped even if it refuses.
    pub async fn stop_plugin(&self, name: &str) -> Result<(), PluginError> {
        let _change = self.0.changes.lock().await;
        self.stop_locked(name).await
    }

    async fn stop_locked(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        let started = |dependent: &String| {
            self.plugin(dependent)
                .is_ok_and(|plugin| plugin.status() == PluginStatus::Started)
        };
        if let Some(dependent) = self.dependents(name).into_iter().find(started) {
            return Err(PluginError::new(
                PluginErrorCode::Dependency,
                name,
                format!("\"{dependent}\" depends on it: stop that one first"),
            ));
        }
        if plugin.status() != PluginStatus::Started {
            return Ok(());
        }
        plugin.set_status(PluginStatus::Stopped);
        self.unregister(name);
        let stopped = step(&plugin, LifecycleStep::Stop, PluginErrorCode::StopFailed).await;
        self.announce(EventType::PLUGIN_STOPPED, name);
        stopped
    }

    /// Stops a plugin and removes it from memory.
    ///
    /// # Errors
    /// The plugin is not loaded, or another plugin depends on it.
    pub async fn unload(&self, name: &str) -> Result<(), PluginError> {
        let _change = self.0.changes.lock().await;
        self.unload_locked(name).await
    }

    async fn unload_locked(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        if let Some(dependent) = self.dependents(name).first() {
            return Err(PluginError::new(
                PluginErrorCode::Dependency,
                name,
                format!("\"{dependent}\" depends on it: unload that one first"),
            ));
        }
        if let Err(error) = self.stop_locked(name).await {
            tracing::warn!(plugin = name, problem = %error, "a plugin refused to stop");
        }
        if let Err(error) = step(&plugin, LifecycleStep::Cleanup, PluginErrorCode::StopFailed).await
        {
            tracing::warn!(plugin = name, problem = %error, "a plugin refused to clean up");
        }
        self.0.loaded.lock().remove(name);
        self.announce(EventType::PLUGIN_UNLOADED, name);
        Ok(())
    }

    /// Enables a plugin that was disabled after too many faults.
    ///
    /// # Errors
    /// The plugin is not loaded.
    pub fn enable(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        let mut state = plugin.state.lock();
        state.faults.reset();
        state.error = None;
        Ok(())
    }

    /// Asks a plugin for its health.
    ///
    /// # Errors
    /// The plugin is not loaded, or reports a problem.
    pub async fn check(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        step(
            &plugin,
            LifecycleStep::HealthCheck,
            PluginErrorCode::Internal,
        )
        .await
    }

    pub(crate) fn plugin(&self, name: &str) -> Result<Arc<Plugin>, PluginError> {
        let loaded = self.0.loaded.lock();
        let entry = loaded.get(name);
        entry
            .map(|entry| Arc::clone(&entry.plugin))
            .ok_or_else(|| PluginError::not_found(name))
    }

    /// Adds the hooks and handlers of a started plugin.
    fn register(&self, plugin: &Arc<Plugin>) {
        let handlers = plugin.manifest.handlers.iter().map(|handler| {
            let timeout = handler
                .timeout
                .unwrap_or(plugin.file.timeout)
                .min(plugin.file.timeout)
                .get();
            let (called, name) = (Arc::clone(plugin), handler.name.clone());
            let handle = move |event: Event| {
                let (plugin, handler) = (Arc::clone(&called), name.clone());
                let delivery = async move {
                    let call = GuestCall::Event { handler, event };
                    match plugin.call(call, timeout).await {
                        Ok(Answer::Verdict(Verdict::Yes)) => Ok(()),
                        Ok(Answer::Verdict(Verdict::No(why))) => Err(HandlerError::Permanent(why)),
                        Ok(Answer::Verdict(Verdict::Retry(why))) => {
                            Err(HandlerError::Transient(why))
                        }
                        Ok(_) => Err(HandlerError::Permanent("a wrong answer".to_owned())),
                        Err(fault) => Err(HandlerError::Transient(fault.to_string())),
                    }
                };
                Box::pin(delivery) as futures::future::BoxFuture<'static, _>
            };
            let name = format!("{}/{}", plugin.name(), handler.name);
            // The guest ends at its own timeout. The bus waits for the queue of guests, too.
            let types = handler.types.clone();
            self.0
                .bus
                .add(&name, types, timeout * 2, plugin.file.retry_count, handle)
        });
        let handlers: Vec<u64> = handlers.collect();
        let mut loaded = self.0.loaded.lock();
        match loaded.get_mut(plugin.name()) {
            Some(entry) if Arc::ptr_eq(&entry.plugin, plugin) => {
                for id in std::mem::replace(&mut entry.handlers, handlers) {
                    self.0.bus.unsubscribe(id);
                }
            }
            _ => handlers
                .into_iter()
                .for_each(|id| self.0.bus.unsubscribe(id)),
        }
        self.publish_hooks(&loaded);
    }

    fn unregister(&self, name: &str) {
        let mut loaded = self.0.loaded.lock();
        if let Some(entry) = loaded.get_mut(name) {
            for id in std::mem::take(&mut entry.handlers) {
                self.0.bus.unsubscribe(id);
            }
        }
        self.publish_hooks(&loaded);
    }

    fn publish_hooks(&self, loaded: &BTreeMap<String, Loaded>) {
        let started = loaded.values().map(|entry| &entry.plugin);
        let started = started.filter(|plugin| plugin.status() == PluginStatus::Started);
        let table = HookTable::new(started.cloned());
        self.0.hooks.store(Arc::new(table));
    }

    fn announce(&self, kind: EventType, plugin: &str) {
        self.0.announce(kind, plugin);
    }
}

impl Inner {
    fn announce(&self, kind: EventType, plugin: &str) {
        let event = Event::new(kind, SOURCE).with_data("plugin", plugin);
        if let Err(error) = self.bus.publish_async(event) {
            tracing::warn!(plugin, problem = %error, "an event of a plugin was dropped");
        }
    }

    /// Reads and compiles a plugin. Blocks the thread for up to seconds.
    fn compile(self: &Arc<Self>, name: &str, handle: Handle) -> Result<Arc<Plugin>, PluginError> {
        let security = &self.config.security;
        let Found {
            manifest,
            component,
            is_signed,
            path,
        } = read_plugin(&self.config.directory.join(name), security)?;
        let (file, config_path) = read_config(&self.config, self.profile, name)?;
        let grant = self.config.grants.get(name).cloned().unwrap_or_default();
        for wanted in &manifest.capabilities {
            if !grant.capabilities.contains(wanted) {
                let wanted = wanted.as_str();
                return Err(PluginError::new(
                    PluginErrorCode::Permission,
                    name,
                    format!(
                        "wants the capability \"{wanted}\": grant it in plugins.grants.{name}.capabilities"
                    ),
                ));
            }
        }
        let http = manifest
            .capabilities
            .contains(&Capability::Http)
            .then(|| HttpAccess::new(self.client.clone(), grant.http_hosts, handle));
        let imports = Imports {
            plugin: name.into(),
            api: manifest.api,
            capabilities: manifest.capabilities.clone(),
            settings: Arc::new(file.settings.clone()),
            keys: Arc::new(KeyValueStore::new(security.max_stored_size.as_usize())),
            http,
        };
        let program = self
            .runtime
            .compile(&component, &imports)
            .map_err(|problem| PluginError::new(PluginErrorCode::LoadFailed, name, problem))?;
        let exports = program.exports();
        for (declares, exported, interface) in [
            (!manifest.hooks.is_empty(), exports.hooks, "hooks"),
            (!manifest.handlers.is_empty(), exports.events, "events"),
        ] {
            if declares && !exported {
                return Err(PluginError::new(
                    PluginErrorCode::LoadFailed,
                    name,
                    format!("declares {interface}, and the component does not export them"),
                ));
            }
        }
        let memory = manifest
            .max_memory
            .unwrap_or(security.max_memory)
            .min(security.max_memory);
        let limits = CallLimits {
            timeout: file.timeout.get(),
            memory: memory.as_usize(),
            payload: security.max_payload_size.as_usize(),
            host_calls: security.max_host_calls,
        };
        Ok(Arc::new(Plugin {
            manifest,
            file,
            path,
            config_path,
            is_signed,
            program,
            limits,
            guests: Arc::clone(&self.guests),
            state: Mutex::new(State {
                status: PluginStatus::Loaded,
                load_time: Utc::now(),
                start_time: None,
                stop_time: None,
                error: None,
                share: CpuShare::new(security.max_cpu_percent, Instant::now()),
                faults: FaultCount::default(),
            }),
            observe: Arc::clone(&self.observation) as _,
        }))
    }
}

/// Calls a step of the life of a plugin.
async fn step(
    plugin: &Arc<Plugin>,
    step: LifecycleStep,
    code: PluginErrorCode,
) -> Result<(), PluginError> {
    let timeout = plugin.file.timeout.get();
    match plugin.call(GuestCall::Lifecycle(step), timeout).await {
        Ok(Answer::Step(Ok(()))) => Ok(()),
        Ok(Answer::Step(Err(problem))) => Err(PluginError::new(code, plugin.name(), problem)),
        Ok(_) => Err(PluginError::new(code, plugin.name(), "gave a wrong answer")),
        Err(fault) => {
            let code = match fault {
                crate::runtime::Fault::Timeout(_) => PluginErrorCode::Timeout,
                _ => code,
            };
            Err(PluginError::new(code, plugin.name(), fault.to_string()))
        }
    }
}
