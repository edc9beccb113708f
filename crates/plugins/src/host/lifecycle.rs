use std::sync::Arc;

use super::{
    Loaded, Plugins,
    dependencies::{check_dependencies, check_started, check_stoppable, check_unloadable},
    locked_change::check_running,
    retire::{clean_up, end_replaced, stop_unused},
};
use crate::{
    EventType, PluginError, PluginErrorCode, PluginInfo, PluginStatus,
    plugin::Plugin,
    runtime::{CallError, LifecycleStep},
};

impl Plugins {
    /// Loads a plugin of the folder. The plugin checks its settings.
    ///
    /// # Errors
    /// The plugin is already loaded, its files are not valid, a dependency is missing, or it
    /// rejects its settings.
    pub async fn load(&self, name: &str) -> Result<PluginInfo, PluginError> {
        let plugin = name.to_owned();
        let loads = Arc::clone(&self.0.loads);
        self.change(loads, Some(name), |plugins| async move {
            plugins.load_locked(&plugin).await
        })
        .await
    }

    /// Needs the lock `loads`.
    pub(super) async fn load_locked(&self, name: &str) -> Result<PluginInfo, PluginError> {
        if self.plugin(name).is_ok() {
            let problem = "is already loaded: unload it first";
            return Err(PluginError::new(
                PluginErrorCode::AlreadyExists,
                name,
                problem,
            ));
        }
        let plugin = self.prepare(name).await?;
        // A start that is requested from here on follows the event of the load.
        let _change = self.0.changes.take(name).await;
        let info = plugin.info();
        if let Err(error) = self.insert(&plugin) {
            self.announce_failure(Some(name), &error);
            self.discard(&plugin).await;
            return Err(error);
        }
        self.remove_failure(name);
        self.announce(EventType::PLUGIN_LOADED, name);
        Ok(info)
    }

    /// Adds an initialized plugin.
    ///
    /// # Errors
    /// A dependency was unloaded during the compilation.
    fn insert(&self, plugin: &Arc<Plugin>) -> Result<(), PluginError> {
        let mut loaded = self.0.loaded.lock();
        check_dependencies(&loaded, plugin)?;
        let name = plugin.name().to_owned();
        let entry = Loaded {
            plugin: Arc::clone(plugin),
            handlers: None,
            started: None,
            is_unloading: false,
            replaced: Vec::new(),
        };
        loaded.insert(name, entry);
        self.0.required_functions.set(plugin);
        self.0.detached.remove(plugin);
        Ok(())
    }

    /// Starts a loaded plugin, so that the service calls its hooks, handlers and decisions.
    ///
    /// # Errors
    /// The plugin is not loaded, its settings disable it, a dependency is not started or stops
    /// meanwhile, or the plugin fails to start.
    pub async fn start_plugin(&self, name: &str) -> Result<(), PluginError> {
        let plugin = name.to_owned();
        let change = self.0.changes.for_plugin(name);
        self.change(change, Some(name), |plugins| async move {
            plugins.start_locked(&plugin, false).await
        })
        .await
    }

    /// Needs the lock of the plugin in `changes`. Publishes an error of a loaded plugin as
    /// `plugin.error`.
    pub(super) async fn start_locked(
        &self,
        name: &str,
        permits_disabled: bool,
    ) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        if plugin.status() == PluginStatus::Started {
            return Ok(());
        }
        let was_available = self.is_available(name);
        let started = self.start_stopped(&plugin, permits_disabled).await;
        started.inspect_err(|error| self.announce_failed_start(&plugin, error))?;
        self.announce(EventType::PLUGIN_STARTED, name);
        // Its settings or a failed start disabled its dependents.
        self.announce_availability(name, was_available);
        if plugin.missing_dependency().is_some() {
            self.announce(EventType::PLUGIN_ERROR, name);
        }
        tracing::info!(plugin = name, version = %plugin.manifest.version, "plugin started");
        Ok(())
    }

    /// Starts a plugin that is not started.
    ///
    /// # Errors
    /// As for [`start_plugin`](Self::start_plugin). With `permits_disabled` a dependency may be
    /// disabled by its settings.
    async fn start_stopped(
        &self,
        plugin: &Arc<Plugin>,
        permits_disabled: bool,
    ) -> Result<(), PluginError> {
        plugin.set_active(true);
        if !plugin.is_enabled_by_settings() {
            let problem = "is disabled: set `enabled: true` in its settings";
            return Err(PluginError::new(
                PluginErrorCode::StartFailed,
                plugin.name(),
                problem,
            ));
        }
        // An earlier start may have succeeded after its timeout.
        plugin.calls_ended().await;
        stop_unused(plugin).await;
        self.wait_for_dependencies(plugin).await;
        check_started(&self.0.loaded.lock(), plugin, permits_disabled)?;
        step(plugin, LifecycleStep::Start, PluginErrorCode::StartFailed)
            .await
            .inspect_err(|error| plugin.set_error(error))?;
        let registered = self.register(plugin, permits_disabled);
        if registered.is_err() {
            // A dependency stopped during the step.
            stop_unused(plugin).await;
        }
        registered
    }

    /// Stops a plugin, so that the service does not call its hooks, handlers and decisions, even in
    /// requests that began earlier. Waits for running calls, for at most the timeout of a call, and
    /// then calls the `stop` of the plugin, unless faults disable it.
    ///
    /// # Errors
    /// The plugin is not loaded, a started plugin depends on it, or its own stop fails. In the last
    /// case the plugin is stopped anyway.
    pub async fn stop_plugin(&self, name: &str) -> Result<(), PluginError> {
        let plugin = name.to_owned();
        let change = self.0.changes.for_plugin(name);
        self.change(change, Some(name), |plugins| async move {
            plugins.stop_locked(&plugin).await
        })
        .await
    }

    /// Needs the lock of the plugin in `changes`.
    async fn stop_locked(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        let was_active = {
            let mut loaded = self.0.loaded.lock();
            check_stoppable(&loaded, name)?;
            let was_active = plugin.is_active();
            plugin.set_active(false);
            end_replaced(&mut loaded, name);
            match plugin.status() {
                PluginStatus::Started => self.unregister(&mut loaded, &plugin),
                // The stop also ends the error of a failed start.
                PluginStatus::Error => plugin.set_status(PluginStatus::Stopped),
                _ => {}
            }
            was_active
        };
        // A start may have succeeded after its timeout.
        let stopped = self.end_calls(&plugin).await;
        if was_active {
            self.announce(EventType::PLUGIN_STOPPED, name);
        }
        stopped
    }

    /// Stops a plugin and removes it from memory. Logs failures of the plugin itself.
    ///
    /// # Errors
    /// The plugin is not loaded, or another plugin depends on it.
    pub async fn unload(&self, name: &str) -> Result<(), PluginError> {
        let plugin = name.to_owned();
        let change = self.0.changes.for_plugin(name);
        self.change(change, Some(name), |plugins| async move {
            plugins.unload_locked(&plugin).await
        })
        .await
    }

    /// Needs the lock of the plugin in `changes`.
    pub(super) async fn unload_locked(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.begin_unload(name)?;
        if let Err(error) = self.stop_locked(name).await {
            tracing::warn!(plugin = name, problem = %error, "a plugin failed to stop");
        }
        // Requests and tasks that began before use the version of a later load.
        plugin.retire();
        clean_up(&plugin).await;
        self.announce(EventType::PLUGIN_UNLOADED, name);
        self.0.loaded.lock().remove(name);
        self.remove_failure(name);
        Ok(())
    }

    /// Marks a plugin, so that no other plugin can start to depend on it.
    ///
    /// # Errors
    /// The plugin is not loaded, or another plugin depends on it.
    fn begin_unload(&self, name: &str) -> Result<Arc<Plugin>, PluginError> {
        let mut loaded = self.0.loaded.lock();
        check_unloadable(&loaded, name)?;
        let entry = loaded.get_mut(name);
        let entry = entry.ok_or_else(|| PluginError::not_found(name))?;
        entry.is_unloading = true;
        Ok(Arc::clone(&entry.plugin))
    }

    /// Enables a plugin that was disabled after too many faults.
    ///
    /// # Errors
    /// The service stops, or the plugin is not loaded.
    pub fn enable(&self, name: &str) -> Result<(), PluginError> {
        check_running(self.0.tasks.stop(), Some(name))?;
        let plugin = self.plugin(name)?;
        let was_available = self.is_available(name);
        let was_disabled = {
            let mut state = plugin.state.lock();
            let was_disabled = state.faults.is_disabled();
            state.faults.reset();
            // The error of a failed start remains until the next start.
            if state.status != PluginStatus::Error {
                state.error = None;
            }
            was_disabled
        };
        if was_disabled {
            self.announce(EventType::PLUGIN_ENABLED, name);
            self.announce_availability(name, was_available);
        }
        Ok(())
    }

    /// Calls the health check of a plugin.
    ///
    /// # Errors
    /// The plugin is not loaded, is disabled after too many faults, reports a problem, traps or
    /// exceeds a limit.
    pub async fn check(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        step(
            &plugin,
            LifecycleStep::HealthCheck,
            PluginErrorCode::Internal,
        )
        .await
    }
}

/// Calls a step of the life cycle of a plugin.
///
/// # Errors
/// The plugin reports a failure, traps or exceeds a limit. The error has `code`, or
/// [`PluginErrorCode::Timeout`].
pub(super) async fn step(
    plugin: &Arc<Plugin>,
    step: LifecycleStep,
    code: PluginErrorCode,
) -> Result<(), PluginError> {
    let problem = match plugin.step(step).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(problem)) => problem,
        Err(error @ (CallError::Timeout(_) | CallError::Starved(_))) => {
            let code = PluginErrorCode::Timeout;
            return Err(PluginError::new(code, plugin.name(), error.to_string()));
        }
        Err(error) => error.to_string(),
    };
    Err(PluginError::new(code, plugin.name(), problem))
}

#[cfg(test)]
mod tests;
