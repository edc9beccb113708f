use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use chrono::Utc;
use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore, oneshot},
};

use super::{
    Inner, MAX_GUESTS_PER_CORE, Plugins, cores, dependencies::check_dependencies, end::clean_up,
    life::step, order::check_folder,
};
use crate::{
    Capability, GrantConfig, Manifest, PluginError, PluginErrorCode, PluginStatus,
    folder::{Found, files_hash, read_config, read_plugin},
    plugin::{Pace, Plugin, State, Timers, Uses},
    runtime::{self, CallLimits, Exports, Imports, LifecycleStep, Runtime},
    sandbox::{
        CpuShare, EventAccess, FaultCount, HttpAccess, KeyValueStore, LogAccess, max_processor_time,
    },
};

impl Plugins {
    /// Reads, compiles and initializes a plugin, and checks its dependencies. Does not change the
    /// loaded version. Publishes an error as `plugin.error`.
    ///
    /// # Errors
    /// The files are not valid, the plugin rejects its settings, or a dependency is missing.
    pub(super) async fn prepare(&self, name: &str) -> Result<Arc<Plugin>, PluginError> {
        if !crate::manifest::is_name(name) {
            return Err(PluginError::not_found(name));
        }
        let failed = |error: &PluginError| self.announce_failure(Some(name), error);
        let plugin = self.initialize(name).await.inspect_err(failed)?;
        let checked = check_dependencies(&self.0.loaded.lock(), &plugin);
        if let Err(error) = checked {
            failed(&error);
            clean_up(&plugin).await;
            return Err(error);
        }
        Ok(plugin)
    }

    async fn initialize(&self, name: &str) -> Result<Arc<Plugin>, PluginError> {
        let (inner, owned, handle) = (Arc::clone(&self.0), name.to_owned(), Handle::current());
        let (sender, compiled) = oneshot::channel();
        let failed = || {
            let problem = "could not be compiled";
            PluginError::new(PluginErrorCode::LoadFailed, name, problem)
        };
        let work = move || drop(sender.send(inner.compile(&owned, handle)));
        let begun = self.0.compiler.run(work);
        begun.map_err(|error| failed().because(error))?;
        let plugin = compiled.await.map_err(|error| failed().because(error))??;
        let _shown = Initializing::new(&self.0, &plugin);
        step(&plugin, LifecycleStep::Initialize, PluginErrorCode::Config).await?;
        plugin.set_status(PluginStatus::Initialized);
        Ok(plugin)
    }
}

/// Shows a version to operators while its `initialize` runs.
struct Initializing<'a>(&'a Inner);

impl<'a> Initializing<'a> {
    fn new(inner: &'a Inner, plugin: &Arc<Plugin>) -> Self {
        *inner.initializing.lock() = Some(Arc::clone(plugin));
        Self(inner)
    }
}

impl Drop for Initializing<'_> {
    fn drop(&mut self) {
        drop(self.0.initializing.lock().take());
    }
}

impl Inner {
    /// Returns the engine, which the first call creates.
    ///
    /// # Errors
    /// The engine cannot be created.
    fn runtime(&self, handle: Handle) -> Result<&dyn Runtime, String> {
        let max_memory = self.config.security.max_memory(self.profile).as_usize();
        // The check of a compiled component runs it once, outside of the limit of concurrent calls.
        // There is one thread for compilations.
        let max_guests = MAX_GUESTS_PER_CORE * cores() + 1;
        let create = || {
            let on_tick = keep_worker_awake(handle, Arc::clone(&self.worker_guests));
            runtime::engine(max_memory, max_guests, on_tick)
        };
        let created = self.runtime.get_or_init(create);
        match created {
            Ok(runtime) => Ok(&**runtime),
            Err(problem) => Err(format!("the engine cannot be created: {problem}")),
        }
    }

    /// Reads and compiles a plugin. Blocks the thread without a limit of time.
    ///
    /// # Errors
    /// The files are not valid, or the plugin requests a capability that is not granted.
    fn compile(self: &Arc<Self>, name: &str, handle: Handle) -> Result<Arc<Plugin>, PluginError> {
        let (config, security) = (&self.config, &self.config.security);
        check_folder(&config.directory, name)?;
        // Hash the files first, so that a change between the two reads causes a reload.
        let (directory, configs) = (&config.directory, &config.config_directory);
        let files_hash = files_hash(directory, configs, self.profile, name);
        let Found {
            manifest,
            component,
            is_signed,
            path,
        } = read_plugin(&directory.join(name), security)?;
        let (file, config_path) = read_config(&self.config, self.profile, name)?;
        let grant = self.config.grants.get(name).cloned().unwrap_or_default();
        check_grant(&manifest, &grant)?;
        let requests = |capability| manifest.capabilities.contains(&capability);
        let may_wait = requests(Capability::Http);
        let client = may_wait.then(|| self.clients.get(name));
        let http = client
            .flatten()
            .map(|client| HttpAccess::new(client.clone(), grant.http_hosts, handle.clone()));
        let events = requests(Capability::Events).then(|| {
            let bus = self.bus.downgrade();
            EventAccess::new(bus, name, grant.event_types, security.max_events)
        });
        let dropped = self.observation.dropped_lines(name);
        let imports = Imports {
            plugin: name.into(),
            api: manifest.api,
            capabilities: manifest.capabilities.clone(),
            settings: Arc::new(file.settings.clone()),
            keys: Arc::new(KeyValueStore::new(security.max_stored_size.as_usize())),
            http,
            events: events.map(Arc::new),
            log: Arc::new(LogAccess::new(security.max_log_lines, dropped)),
        };
        let program = self
            .runtime(handle)
            .and_then(|runtime| runtime.compile(&component, &imports))
            .map_err(|problem| PluginError::new(PluginErrorCode::LoadFailed, name, problem))?;
        check_exports(&manifest, program.exports())?;
        let max_memory = security.max_memory(self.profile);
        let memory = manifest.max_memory.unwrap_or(max_memory).min(max_memory);
        let percent = security.max_cpu_percent(self.profile);
        let limits = CallLimits {
            timeout: file.timeout.get(),
            memory: memory.as_usize(),
            payload: security.max_payload_size.as_usize(),
            host_calls: security.max_host_calls,
            processor_time: max_processor_time(percent),
        };
        let on_failure = file.on_failure.or(manifest.on_failure);
        Ok(Arc::new(Plugin {
            manifest,
            file,
            files_hash,
            path,
            config_path,
            is_signed,
            exports: program.exports(),
            program: Mutex::new(Some(program)),
            limits,
            on_failure: on_failure.unwrap_or(self.config.on_failure),
            guests: Arc::clone(&self.guests),
            waiting_guests: may_wait.then(|| Arc::clone(&self.waiting_guests)),
            own_guests: Arc::new(Semaphore::new(cores())),
            worker_guests: Arc::clone(&self.worker_guests),
            threads: Arc::clone(&self.threads),
            timers: Timers::default(),
            state: Mutex::new(State {
                status: PluginStatus::Loaded,
                is_active: false,
                is_turned_off: false,
                load_time: Utc::now(),
                start_time: None,
                stop_time: None,
                error: None,
                share: CpuShare::new(percent, Instant::now()),
                faults: FaultCount::default(),
                pace: Pace::Unknown,
                throttled_at: None,
            }),
            is_retired: AtomicBool::new(false),
            retirement: Notify::new(),
            uses: Uses::default(),
            calls: Uses::default(),
            observe: Arc::clone(&self.observation) as _,
            plugins: Arc::downgrade(self),
        }))
    }
}

/// Returns a function that wakes a worker if guests occupy others. A worker that runs a guest does
/// not wait for the network and for timers, and the others may sleep. Call it before guests run.
fn keep_worker_awake(handle: Handle, guests: Arc<Semaphore>) -> impl Fn() + Send + 'static {
    let max = guests.available_permits();
    move || {
        if guests.available_permits() < max {
            handle.spawn(async {});
        }
    }
}

/// Checks that the operator grants the capabilities that the manifest requests.
///
/// # Errors
/// A capability is not granted, or the grant has a type of events that only the service publishes.
fn check_grant(manifest: &Manifest, grant: &GrantConfig) -> Result<(), PluginError> {
    if let Some(reserved) = grant.event_types.iter().find(|kind| kind.is_reserved()) {
        let name = &manifest.name;
        let problem = format!(
            "may not publish \"{reserved}\": remove this type from plugins.grants.{name}.event_types"
        );
        return Err(PluginError::new(PluginErrorCode::Permission, name, problem));
    }
    let mut wanted = manifest.capabilities.iter();
    let Some(missing) = wanted.find(|wanted| !grant.capabilities.contains(wanted)) else {
        return Ok(());
    };
    let (name, missing) = (&manifest.name, missing.as_str());
    let problem = format!(
        "requests the capability \"{missing}\": grant it in plugins.grants.{name}.capabilities"
    );
    Err(PluginError::new(PluginErrorCode::Permission, name, problem))
}

/// Checks that the component exports the interfaces that the manifest declares.
///
/// # Errors
/// An export is missing, or the exports are not those of the declared world.
fn check_exports(manifest: &Manifest, exports: Exports) -> Result<(), PluginError> {
    let Exports {
        hooks,
        events,
        policy,
    } = exports;
    let problem = if !hooks && !manifest.hooks.is_empty() {
        "declares hooks, but the component does not export the interface `hooks`".to_owned()
    } else if !events && !manifest.handlers.is_empty() {
        "declares handlers, but the component does not export the interface `events`".to_owned()
    } else if let Some(world) = manifest.world
        && !world.has(hooks, events, policy)
    {
        let world = world.as_str();
        format!("declares the world \"{world}\", but the component exports other interfaces")
    } else {
        return Ok(());
    };
    let code = PluginErrorCode::LoadFailed;
    Err(PluginError::new(code, &manifest.name, problem))
}
