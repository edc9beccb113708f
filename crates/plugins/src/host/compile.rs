use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
    time::timeout,
};

use super::{
    Inner, MAX_GUESTS_PER_CORE, Plugins, cores,
    dependencies::check_dependencies,
    failure_policy::failure_mode,
    folder_order::check_folder,
    grants::{check_exports, check_grant, check_variables},
    lifecycle::step,
};
use seaworthy_core::Timeout;

use crate::{
    Capability, PluginError, PluginErrorCode, PluginStatus,
    folder::{Found, files_hash, read_plugin, read_settings},
    manifest::{NAME_RULE, is_name},
    plugin::{Plugin, State, Timers, Uses},
    runtime::{CallLimits, Caller, Imports, LifecycleStep},
    sandbox::{Ended, EventAccess, HttpAccess, KeyValueStore, LogAccess, Permits, max_cpu_time},
};

impl Plugins {
    /// Reads, compiles and initializes a plugin, and checks its dependencies. Does not change the
    /// loaded version. Publishes an error as `plugin.error`. The caller loads or discards the
    /// result.
    ///
    /// # Errors
    /// The folder is missing, the files are not valid, another plugin has the same variables, the
    /// plugin rejects its settings, or a dependency is missing.
    pub(super) async fn prepare(&self, name: &str) -> Result<Arc<Plugin>, PluginError> {
        if !is_name(name) {
            let problem = format!("does not have a valid name: {NAME_RULE}");
            return Err(PluginError::new(PluginErrorCode::NotFound, name, problem));
        }
        let failed = |error: &PluginError| self.announce_failure(Some(name), error);
        // Without a folder the name may be any text of a request, so no failure is kept for it.
        let (directory, owned) = (self.0.config.directory.clone(), name.to_owned());
        let checked = self.blocking(name, move || check_folder(&directory, &owned));
        checked.await.inspect_err(failed)?;
        // `loads` serializes loads, so no other one begins meanwhile.
        let checked = check_variables(&self.0.loaded.lock(), name);
        checked.inspect_err(failed)?;
        let plugin = self.initialize(name).await.inspect_err(failed)?;
        let checked = check_dependencies(&self.0.loaded.lock(), &plugin);
        if let Err(error) = checked {
            failed(&error);
            self.discard(&plugin).await;
            return Err(error);
        }
        Ok(plugin)
    }

    async fn initialize(&self, name: &str) -> Result<Arc<Plugin>, PluginError> {
        let (inner, owned, handle) = (Arc::clone(&self.0), name.to_owned(), Handle::current());
        let (sender, compiled) = oneshot::channel();
        let is_begun = Arc::new(AtomicBool::new(false));
        let begun = Arc::clone(&is_begun);
        let failed = || {
            let problem =
                "could not be compiled, because its compilation was interrupted: repeat the load";
            PluginError::new(PluginErrorCode::LoadFailed, name, problem)
        };
        let work = move || -> Ended {
            if sender.is_closed() {
                // The load failed while an earlier compilation ran.
                return Box::new(|| ());
            }
            begun.store(true, Ordering::Relaxed);
            let compiled = inner.compile(&owned, handle);
            Box::new(move || drop(sender.send(compiled)))
        };
        let queued = self.0.compiler.run(work);
        queued.map_err(|error| failed().with_cause(error))?;
        let max = self.0.config.security.compile_timeout;
        // The engine cannot interrupt a compilation. Its thread drops a late result.
        let compiled = timeout(max.get(), compiled)
            .await
            .map_err(|_| not_compiled(name, max, is_begun.load(Ordering::Relaxed)))?;
        let plugin = compiled.map_err(|error| failed().with_cause(error))??;
        let _shown = Initializing::new(&self.0, &plugin);
        self.0.detached.add(&plugin);
        let initialized = step(&plugin, LifecycleStep::Initialize, PluginErrorCode::Config).await;
        if let Err(error) = initialized {
            // The step may succeed after its timeout.
            self.discard(&plugin).await;
            return Err(error);
        }
        plugin.set_status(PluginStatus::Initialized);
        Ok(plugin)
    }
}

/// Returns the error of a plugin that is not compiled within the timeout. `is_begun` is whether its
/// compilation runs.
fn not_compiled(name: &str, max: Timeout, is_begun: bool) -> PluginError {
    let cause = match is_begun {
        true => "split its large functions, or raise plugins.security.compile_timeout",
        false => "an earlier compilation still runs: repeat the load later, or restart the service",
    };
    let problem = format!("was not compiled within {max}: {cause}");
    PluginError::new(PluginErrorCode::Timeout, name, problem)
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
    /// Reads and compiles a plugin. Blocks the thread, perhaps beyond the timeout of the load.
    ///
    /// # Errors
    /// The files are not valid, or the plugin requests a capability that is not granted.
    fn compile(self: &Arc<Self>, name: &str, handle: Handle) -> Result<Arc<Plugin>, PluginError> {
        let (config, security) = (&self.config, &self.config.security);
        // Hash the files first, so that a change between the two reads causes a reload.
        let (directory, configs) = (&config.directory, &config.config_directory);
        let files_hash = files_hash(directory, configs, self.profile, name);
        let Found {
            manifest,
            component,
            is_signed,
            path,
        } = read_plugin(&directory.join(name), config)?;
        let (settings, config_path) = read_settings(&self.config, self.profile, name)?;
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
            let max = security.max_events_per_second;
            EventAccess::new(bus, name, grant.event_types, max)
        });
        let dropped = self.observation.dropped_lines(name);
        let log = Arc::new(LogAccess::new(security.max_log_lines_per_second, dropped));
        let imports = Imports {
            plugin: name.into(),
            api: manifest.api,
            capabilities: manifest.capabilities.clone(),
            settings: Arc::new(settings.settings.clone()),
            keys: Arc::new(KeyValueStore::new(security.max_stored_size.as_usize())),
            http,
            events: events.map(Arc::new),
            log: Arc::clone(&log),
        };
        let program = self
            .runtime(handle)
            .and_then(|runtime| runtime.compile(&component, &imports))
            .map_err(|problem| PluginError::new(PluginErrorCode::LoadFailed, name, problem))?;
        check_exports(&manifest, program.exports())?;
        self.check_is_asked(&manifest, program.exports())?;
        self.required_functions
            .check(&manifest, program.exports())?;
        let max_memory = security.max_memory(self.profile);
        let memory = manifest.max_memory.unwrap_or(max_memory).min(max_memory);
        let percent = security.max_cpu_percent(self.profile);
        let limits = CallLimits {
            timeout: settings.timeout.get(),
            memory: memory.as_usize(),
            payload: security.max_payload_size.as_usize(),
            host_calls: security.max_host_calls,
            cpu_time: max_cpu_time(percent),
            caller: Caller::default(),
        };
        let on_failure = failure_mode(settings.on_failure, manifest.on_failure, config.on_failure);
        let max_calls = security.max_concurrent_calls(cores());
        let max_calls = max_calls.min(MAX_GUESTS_PER_CORE * cores());
        Ok(Arc::new(Plugin {
            manifest,
            settings,
            files_hash,
            path,
            config_path,
            is_signed,
            exports: program.exports(),
            program: Mutex::new(Some(program)),
            limits,
            on_failure,
            guests: self.guests.clone(),
            waiting_guests: may_wait.then(|| self.waiting_guests.clone()),
            thread_guests: self.thread_guests.clone(),
            own_guests: Permits::new(max_calls),
            worker_guests: Arc::clone(&self.worker_guests),
            threads: Arc::clone(&self.threads),
            log,
            timers: Timers::default(),
            state: Mutex::new(State::new(percent)),
            is_retired: AtomicBool::new(false),
            retirement: Notify::new(),
            uses: Uses::default(),
            calls: Uses::default(),
            observe: Arc::clone(&self.observation) as _,
            plugins: Arc::downgrade(self),
        }))
    }
}

#[cfg(test)]
mod tests;
